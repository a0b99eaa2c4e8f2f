// close() beside calls: those in flight end as they would have, and no other begins.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parse, type Tdc, TdcError } from 'temporal-tdc';
import { COMPRESS, KEY } from './support.js';

const HOST_KEYS = `version: 1
codecs: [encrypt]
keys: { primary: far, host: true }
`;

const isClosed = (error: unknown): boolean =>
  error instanceof TdcError && error.code === 'TDC_ERR_ARGUMENT' && /closed/.test(error.message);

test('calls on other threads end with their results', async () => {
  const t = parse(COMPRESS);
  const large = { data: Buffer.alloc(5 << 20, 3) };
  const calls = Array.from({ length: 8 }, () => t.payloadCodec.encode([large]));
  const first = await calls[0];
  t.close();
  const refused = t.payloadCodec.encode([large]);
  await assert.rejects(refused, isClosed);
  assert.ok((await Promise.all(calls)).every((encoded) => encoded.length === 1));
  const [decoded] = await parse(COMPRESS).payloadCodec.decode(first ?? []);
  assert.deepEqual(Buffer.from(decoded?.data ?? []), large.data);
});

test('a call that waits for its key ends with its result', async () => {
  const open: Tdc[] = [];
  const keyProvider = async (): Promise<Buffer> => {
    await setImmediate();
    open[0]?.close();
    return KEY;
  };
  open.push(parse(HOST_KEYS, '', { keyProvider }));
  const encoded = await open[0]?.payloadCodec.encode([{ data: Buffer.from('x') }]);
  assert.equal(encoded?.length, 1);
});

test('every operation of a closed Tdc is refused', async () => {
  const t = parse(COMPRESS);
  t.close();
  const calls = [
    t.payloadCodec.encode([{ data: Buffer.alloc(1) }]),
    t.payloadCodec.decode([{ data: Buffer.alloc(1) }]),
    t.payloadCodec.decode([{ data: Buffer.alloc(5 << 20) }]),
    t.decodeHistory('{}'),
  ];
  for (const call of calls) await assert.rejects(call, isClosed);
});
