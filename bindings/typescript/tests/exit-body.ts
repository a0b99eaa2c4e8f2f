// Ends the process while calls are on libuv's threads, or wait for a key.

import { parse } from 'temporal-tdc';
import { COMPRESS } from './support.js';

const HOST_KEYS = 'version: 1\ncodecs: [encrypt]\nkeys: { primary: far, host: true }\n';
const how = process.argv[2];
const large = { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.alloc(5 << 20) };

const { payloadCodec } = parse(COMPRESS);
const forever = parse(HOST_KEYS, '', { keyProvider: () => new Promise(() => undefined) });
void forever.payloadCodec.encode([large]);
for (let call = 0; call < 8; call++) void payloadCodec.encode([large]);

if (how === 'at-once') process.exit(7);
if (how === 'soon') setTimeout(() => process.exit(7), 3);
if (how === 'in-a-call') void payloadCodec.encode([large]).then(() => process.exit(7));
if (how === 'thrown') {
  setTimeout(() => {
    throw new Error('the program failed');
  }, 3);
}
