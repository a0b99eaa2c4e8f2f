// The clients of key services in libtdc_keys: against a Vault of this process, which could not
// answer if a call kept the event loop.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { parse, TdcError } from 'temporal-tdc';
import {
  dataKeyOf,
  dataOf,
  isEnvelope,
  MESSAGES,
  payload,
  serviceConfig,
  until,
  UNTIL_RENEWAL,
} from './key-services.js';
import { addonFile, KEY, watchRequests } from './support.js';
import { Vault } from './vault.js';

const URI = 'hashivault://orders';
const library = process.env['TDC_KEYS_LIBRARY'] ?? '';
const vault = new Vault();

before(async () => {
  // Read once, when the library is opened.
  process.env['VAULT_ADDR'] = await vault.listen();
  process.env['VAULT_TOKEN'] = 'the-token';
});
beforeEach(() => {
  vault.reset();
});
after(() => {
  vault.close();
});

function codecOf(options = ''): PayloadCodec {
  return parse(serviceConfig(options, URI)).payloadCodec;
}

/** Payloads, each under a data key of its own. */
async function envelopes(count: number): Promise<Payload[]> {
  const lists = Array.from({ length: count }, (_, at) => codecOf().encode([payload(String(at))]));
  const made = (await Promise.all(lists)).flat();
  vault.reset();
  return made;
}

function isCode(code: string, words: RegExp, index: number | undefined = 0) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof TdcError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.index, index, error.message);
    assert.match(error.message, words);
    assert.equal(error.transient, code !== 'TDC_ERR_CIPHERTEXT');
    return true;
  };
}

test('a local key that is used like a service needs no library', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tdc-'));
  try {
    writeFileSync(join(folder, 'laptop.key'), `${KEY.toString('base64')}\n`, { mode: 0o600 });
    process.env['TDC_KEYS_LIBRARY'] = '/nowhere/libtdc_keys.so';
    const ring =
      'keys: { primary: laptop, ring: { laptop: { file: laptop.key, envelope: true } } }';
    const config = `version: 1\n${ring}\ncodecs: [encrypt]\n`;
    const encoded = await parse(config, folder).payloadCodec.encode([payload('1'), payload('2')]);
    for (const each of encoded) isEnvelope(each, 'laptop');
    assert.deepEqual(dataOf(await parse(config, folder).payloadCodec.decode(encoded)), ['1', '2']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('without the library the error says what to do, until it is there', async () => {
  const attempts: [file: string, words: RegExp][] = [
    ['/nowhere/libtdc_keys.so', /install it .* TDC_KEYS_LIBRARY, or pass keyService to open$/],
    [
      addonFile(),
      /\.node has version 0 of its C ABI, this package needs version 1: use .* one release$/,
    ],
  ];
  try {
    for (const [file, words] of attempts) {
      process.env['TDC_KEYS_LIBRARY'] = file;
      for (const list of [[payload('1')], [payload('1'), payload('2')]]) {
        await assert.rejects(codecOf().encode(list), isCode('TDC_ERR_KEY_SERVICE', words));
      }
    }
  } finally {
    process.env['TDC_KEYS_LIBRARY'] = library;
  }
  assert.equal((await codecOf().encode([payload('1')])).length, 1);
});

test('Vault wraps and unwraps, and no data key becomes an object', async () => {
  const { seen, stop } = watchRequests();
  try {
    for (const size of [1, 16 * 1024 - 40, 16 * 1024 + 1, 300 * 1024]) {
      for (const count of [1, 3]) {
        vault.reset();
        const list = Array.from({ length: count }, () => payload(Buffer.alloc(size, 65)));
        const codec = codecOf();
        const encoded = await codec.encode(list);
        for (const each of encoded) isEnvelope(each, URI);
        assert.match(Buffer.from(dataKeyOf(encoded[0]), 'base64').toString(), /^vault:v1:/);
        assert.deepEqual(dataOf(await codec.decode(encoded)), dataOf(list));
        assert.deepEqual(dataOf(await codecOf().decode(encoded)), dataOf(list));
        assert.deepEqual(vault.counts, [1, 1]);
        const [encrypt, decrypt] = vault.asked;
        assert.deepEqual(Object.keys(encrypt?.body ?? {}), ['plaintext']);
        assert.deepEqual(Object.keys(decrypt?.body ?? {}), ['ciphertext']);
        assert.equal(encrypt?.headers['x-vault-request'], 'true');
        const dataKey = Buffer.from(encrypt?.body['plaintext'] ?? '', 'base64');
        assert.equal(dataKey.length, 32);
        assert.ok(seen.length > 0);
        assert.ok(seen.every((each) => !each.includes(dataKey)));
      }
    }
  } finally {
    stop();
  }
});

const ANSWERS: [what: string, status: number, body: unknown, encode: string, decode: string][] = [
  [
    'permission denied',
    403,
    { errors: ['permission denied'] },
    'TDC_ERR_KEY_REFUSED',
    'TDC_ERR_KEY_REFUSED',
  ],
  [
    'Vault is sealed',
    503,
    { errors: ['Vault is sealed'] },
    'TDC_ERR_KEY_SERVICE',
    'TDC_ERR_KEY_SERVICE',
  ],
  [
    'authentication failed',
    400,
    { errors: ['cipher: message authentication failed'] },
    'TDC_ERR_KEY_SERVICE',
    'TDC_ERR_CIPHERTEXT',
  ],
  ['', 200, '<html>a page</html>', 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE'],
  ['', 302, '', 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE'],
];

for (const [what, status, body, encode, decode] of ANSWERS) {
  test(`status ${status} of Vault is an error`, async () => {
    const [envelope] = await envelopes(1);
    assert.ok(envelope);
    vault.instead = () => ({ status, body });
    const words = new RegExp(what);
    await assert.rejects(codecOf().encode([payload('1')]), isCode(encode, words));
    const list = [payload('1'), envelope];
    await assert.rejects(codecOf().decode(list), isCode(decode, words, 1));
  });
}

test('a data key of a wrong length is an error of its payload', async () => {
  const [envelope] = await envelopes(1);
  assert.ok(envelope);
  vault.instead = () => ({ status: 200, body: { data: { plaintext: 'AAAA' } } });
  await assert.rejects(codecOf().decode([envelope]), isCode('TDC_ERR_CIPHERTEXT', /3 bytes/));
});

test('data keys are asked for together, and by all calls that need one once', async () => {
  const encoded = await envelopes(40);
  vault.takes = 50;
  assert.equal((await codecOf().decode(encoded)).length, 40);
  assert.deepEqual(vault.counts, [0, 40]);
  assert.equal(vault.most, 16);
  vault.reset();
  vault.takes = 50;
  const codec = codecOf();
  await Promise.all(Array.from({ length: 60 }, () => codec.encode([payload('1')])));
  await Promise.all(Array.from({ length: 60 }, () => codec.decode(encoded.slice(0, 1))));
  assert.deepEqual(vault.counts, [1, 1]);
});

test('a service that takes three seconds keeps neither the event loop nor the threads of libuv', async () => {
  const encoded = await envelopes(8);
  vault.takes = 3000;
  let longest = 0;
  let isOver = false;
  const ticking = (async () => {
    while (!isOver) {
      const begin = performance.now();
      await readFile(__filename);
      await sleep(5);
      longest = Math.max(longest, performance.now() - begin);
    }
  })();
  const begin = performance.now();
  // Eight calls, and libuv has four threads.
  await Promise.all(encoded.map((each) => codecOf().decode([each])));
  isOver = true;
  assert.ok(performance.now() - begin >= 2990);
  await ticking;
  assert.ok(longest < 2500, `reading a file took ${longest} ms`);
});

test('a service that is too slow is given up', async () => {
  vault.takes = 1000;
  await assert.rejects(
    codecOf(', timeout: 100 ms').encode([payload('1')]),
    isCode('TDC_ERR_KEY_SERVICE', /0\.1 s|100 ms|time/),
  );
});

for (const count of [1, 3]) {
  test(`a data key is renewed off the path of calls, ${count} at a time`, async () => {
    const codec = codecOf(`, data_key: { messages: ${MESSAGES} }`);
    const first = dataKeyOf((await codec.encode(UNTIL_RENEWAL))[0]);
    const list = Array.from({ length: count }, () => payload('1'));
    const key = async (): Promise<string> => dataKeyOf((await codec.encode(list))[0]);
    vault.takes = 1500;
    await until(async () => {
      await sleep(50);
      assert.equal(await key(), first);
      return vault.now > 0;
    });
    assert.equal(await key(), first);
    await until(() => vault.now === 0);
    await until(async () => {
      await sleep(50);
      return (await key()) !== first;
    });
    assert.deepEqual(vault.counts, [2, 0]);
  });
}

/** Runs another program; returns how it ended, and how long after its first output. */
async function run(
  program: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; signal: string | null; errors: string; took: number }> {
  const prelude = `
    const { parse } = require('temporal-tdc');
    const encode = (codec) => codec.encode([{ metadata: {}, data: Buffer.from('x') }]);
    const config = ${JSON.stringify(serviceConfig(', data_key: { messages: 64 }, timeout: 60 s', URI))};
    const untilRenewal = async (codec) => { for (let i = 0; i < 57; i++) await encode(codec); };
  `;
  const child = spawn(process.execPath, ['-e', prelude + program], {
    cwd: __dirname,
    env: { ...process.env, TDC_KEYS_LIBRARY: library, ...env },
  });
  let begin = 0;
  let errors = '';
  child.stdout.on('data', () => (begin ||= performance.now()));
  child.stderr.on('data', (text) => (errors += String(text)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, errors, took: begin && performance.now() - begin };
}

/** The first request of a program is answered at once, later ones so late. */
function lateAfterTheFirst(milliseconds: number): void {
  vault.instead = () => {
    vault.takes = milliseconds;
    vault.instead = undefined;
    return undefined;
  };
}

test('the end of the process does not wait for a renewal', async () => {
  lateAfterTheFirst(60_000);
  const program = "untilRenewal(parse(config).payloadCodec).then(() => console.log('done'))";
  const { code, signal, errors, took } = await run(program);
  assert.deepEqual([code, signal, errors], [0, null, '']);
  assert.deepEqual(vault.counts[0], 2);
  assert.ok(took > 0 && took < 20_000, `it took ${took} ms`);
});

test('the end of the process does not wait for a renewal of a service of its own', async () => {
  const program = `
    const wrap = (key, dataKey, { aborted }) =>
      wrap.calls++ ? new Promise(() => {}) : Promise.resolve(Buffer.alloc(60, 1));
    wrap.calls = 0;
    const { payloadCodec } = parse(config, '', { keyService: { wrap, unwrap: wrap } });
    untilRenewal(payloadCodec).then(() => console.log(wrap.calls));`;
  const { code, signal, errors, took } = await run(program);
  assert.deepEqual([code, signal, errors], [0, null, '']);
  assert.ok(took > 0 && took < 20_000, `it took ${took} ms`);
});

test('the process ends in the middle of a call', async () => {
  vault.takes = 60_000;
  const program = `
    encode(parse(config).payloadCodec);
    setTimeout(() => { console.log('exit'); process.exit(7); }, 300);`;
  const { code, signal, errors, took } = await run(program);
  assert.deepEqual([code, signal, errors], [7, null, '']);
  assert.ok(took > 0 && took < 20_000, `it took ${took} ms`);
});

test('a call keeps the process alive until it is answered', async () => {
  vault.takes = 1000;
  const program = 'encode(parse(config).payloadCodec).then(() => process.exitCode = 7)';
  const { code, signal, errors } = await run(program);
  assert.deepEqual([code, signal, errors], [7, null, '']);
});

test('an answer while the process ends harms nothing', async () => {
  for (const late of [0, 1, 2, 5, 10, 20]) {
    lateAfterTheFirst(late);
    const { code, signal, errors } = await run('untilRenewal(parse(config).payloadCodec)');
    assert.deepEqual([code, signal, errors], [0, null, '']);
  }
});

test('a worker thread ends in the middle of a call', async () => {
  vault.takes = 500;
  const program = `
    const { Worker } = require('node:worker_threads');
    const inside = "const { parse } = require('temporal-tdc'); require('node:worker_threads').parentPort" +
      ".postMessage(''); (" + encode + ")(parse(" + JSON.stringify(config) + ").payloadCodec)";
    const worker = new Worker(inside, { eval: true });
    worker.once('message', () => setTimeout(async () => {
      await worker.terminate();
      setTimeout(() => { process.exitCode = 7; }, 1000);
    }, 200));`;
  const { code, signal, errors } = await run(program);
  assert.deepEqual([code, signal, errors], [7, null, '']);
  assert.deepEqual(vault.counts, [1, 0]);
});
