// A key service of the program: who is asked, what for, how often, and what its failures come to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KeyService, KeyServiceError, parse, TdcError } from 'temporal-tdc';
import {
  dataKeyOf,
  dataOf,
  envelopes,
  isEnvelope,
  MESSAGES,
  payload,
  Service,
  serviceConfig,
  until,
  UNTIL_RENEWAL,
  URI,
} from './key-services.js';

function codecOf(keyService: KeyService, options = '') {
  return parse(serviceConfig(options), '', { keyService }).payloadCodec;
}

/** That the whole of an error is right. */
function isError(code: string, index: number | undefined, words: RegExp, cause: unknown) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof TdcError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.index, index);
    assert.match(error.message, words);
    assert.equal(error.cause, cause);
    assert.equal(error.transient, code !== 'TDC_ERR_CIPHERTEXT');
    return true;
  };
}

test('payloads of every size and number come back, also elsewhere', async () => {
  for (const size of [1, 16 * 1024 - 40, 16 * 1024 + 1, 64 * 1024, 300 * 1024]) {
    for (const count of [1, 3]) {
      const service = new Service();
      const list = Array.from({ length: count }, (_, at) => payload(Buffer.alloc(size, at + 65)));
      const encoded = await codecOf(service).encode(list);
      for (const each of encoded) isEnvelope(each);
      const decoded = await codecOf(service).decode(encoded);
      assert.deepEqual(dataOf(decoded), dataOf(list));
      assert.deepEqual([service.wraps, service.unwraps], [1, 1]);
    }
  }
});

test('a service is asked once for a data key, which is overwritten afterwards', async () => {
  const service = new Service();
  const options = ', earlier: ["test://before"], timeout: 7 s';
  const codec = codecOf(service, options);
  const encoded = await codec.encode([payload('1'), payload('2')]);
  assert.deepEqual(dataOf(await codec.decode(encoded)), ['1', '2']);
  assert.deepEqual([service.wraps, service.unwraps], [1, 0]);
  const other = codecOf(service, options);
  await other.decode(encoded);
  await other.decode(encoded);
  assert.deepEqual([service.wraps, service.unwraps], [1, 1]);
  const key = { uri: URI, earlier: ['test://before'], timeoutMs: 7000 };
  assert.deepEqual(service.keys, [key, key]);
  assert.equal(service.secrets.length, 2);
  for (const secret of service.secrets) assert.deepEqual([...secret], Array(32).fill(0));
  assert.ok(service.signals.every(({ aborted }) => !aborted));
});

test('the data keys of a list are asked for together, at most 16 at once', async () => {
  const service = Object.assign(new Service(), { takes: 50 });
  const encoded = await envelopes(40);
  const decoded = await codecOf(service).decode(encoded);
  assert.deepEqual(
    dataOf(decoded),
    encoded.map((_, at) => String(at)),
  );
  assert.equal(service.unwraps, 40);
  assert.equal(service.most, 16);
  const lists = codecOf(service);
  await Promise.all(encoded.map((each) => lists.decode([each])));
  assert.equal(service.unwraps, 80);
  assert.equal(service.most, 16);
});

test('calls that need the same data key at the same time ask for it once', async () => {
  const service = Object.assign(new Service(), { takes: 50 });
  const codec = codecOf(service);
  const list = Array.from({ length: 50 }, (_, at) => payload(String(at)));
  const lists = await Promise.all(list.map((each) => codec.encode([each])));
  assert.equal(service.wraps, 1);
  const other = codecOf(service);
  const decoded = await Promise.all(lists.map((each) => other.decode(each)));
  assert.deepEqual(dataOf(decoded.flat()), dataOf(list));
  assert.deepEqual([service.wraps, service.unwraps], [1, 1]);
});

const FAULTS: [fails: unknown, encode: string, decode: string, words: RegExp][] = [
  [
    new KeyServiceError('access denied', { refused: true }),
    'TDC_ERR_KEY_REFUSED',
    'TDC_ERR_KEY_REFUSED',
    /access denied/,
  ],
  [
    new KeyServiceError('changed', { invalid: true }),
    'TDC_ERR_KEY_SERVICE',
    'TDC_ERR_CIPHERTEXT',
    /changed/,
  ],
  [
    new KeyServiceError('away', { cause: 'DNS' }),
    'TDC_ERR_KEY_SERVICE',
    'TDC_ERR_KEY_SERVICE',
    /away/,
  ],
  [new Error('reset \ud800'), 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE', /reset/],
  ['a text', 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE', /a text/],
  [null, 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE', /null/],
  [Object.create(null), 'TDC_ERR_KEY_SERVICE', 'TDC_ERR_KEY_SERVICE', /the key service failed/],
];

for (const [fails, encode, decode, words] of FAULTS) {
  test(`what a service throws is the cause of an error: ${words.source}`, async () => {
    const [envelope] = await envelopes(1);
    assert.ok(envelope);
    const failing = (): Service => Object.assign(new Service(), { fails });
    await assert.rejects(
      codecOf(failing()).decode([payload('1'), envelope]),
      isError(decode, 1, words, fails),
    );
    // All who wait for one answer learn why there is none.
    const codec = codecOf(failing());
    const calls = [1, 2, 3].map(() => codec.encode([payload('1')]));
    for (const call of calls) await assert.rejects(call, isError(encode, 0, words, fails));
  });
}

test('of many failures, the cause is the one that the error names', async () => {
  const sealed = await envelopes(40);
  let failed = 0;
  const service = new Service();
  service.unwrap = async () => {
    const number = ++failed;
    // Later ones fail earlier.
    await sleep(Math.max(0, 16 - number) * 2);
    throw new Error(`failure ${number}.`);
  };
  await assert.rejects(codecOf(service).decode(sealed), (error: unknown) => {
    assert.ok(error instanceof TdcError && error.cause instanceof Error);
    assert.equal(error.index, 0);
    assert.ok(
      error.message.includes(error.cause.message),
      `${error.message}: ${error.cause.message}`,
    );
    return true;
  });
  assert.ok(failed > 16, 'more than one try failed');
});

test('a function that throws at once is a failure as well', async () => {
  const cause = new KeyServiceError('closed', { refused: true });
  const thrower = (): never => {
    throw cause;
  };
  const codec = codecOf({ wrap: thrower, unwrap: thrower });
  await assert.rejects(
    codec.encode([payload('1')]),
    isError('TDC_ERR_KEY_REFUSED', 0, /closed/, cause),
  );
});

test('what is no key is an error', async () => {
  const [envelope] = await envelopes(1);
  assert.ok(envelope);
  const wrong = [
    undefined,
    null,
    'text',
    {},
    7,
    Buffer.alloc(0),
    Buffer.alloc(31),
    Buffer.alloc(33),
  ];
  for (const value of wrong) {
    const give = (): Promise<Uint8Array> => Promise.resolve(value as unknown as Uint8Array);
    const codec = codecOf({ wrap: give, unwrap: give });
    const isBytes = Buffer.isBuffer(value);
    await assert.rejects(codec.decode([envelope]), (error: unknown) => {
      assert.ok(error instanceof TdcError);
      assert.equal(error.code, isBytes ? 'TDC_ERR_CIPHERTEXT' : 'TDC_ERR_KEY_SERVICE');
      assert.equal(error.index, 0);
      return true;
    });
    if (!isBytes || value.length === 0) {
      await assert.rejects(
        codec.encode([payload('1')]),
        (error: unknown) => error instanceof TdcError && error.code === 'TDC_ERR_KEY_SERVICE',
      );
    }
  }
  await assert.rejects(
    codecOf({ wrap: give64k, unwrap: give64k }).encode([payload('1')]),
    TdcError,
  );
});

const give64k = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(64 * 1024));

test('a service that is too slow is given up, and what it still has is overwritten', async () => {
  const [envelope] = await envelopes(1);
  assert.ok(envelope);
  const service = new Service();
  const codec = codecOf(service, ', timeout: 100 ms');
  service.takes = 300;
  const isLate = (error: unknown): boolean =>
    error instanceof TdcError &&
    error.code === 'TDC_ERR_KEY_SERVICE' &&
    /no answer in 0\.1 s/.test(error.message) &&
    error.cause instanceof KeyServiceError;
  await Promise.all([
    assert.rejects(codec.encode([payload('1')]), isLate),
    assert.rejects(codec.decode([envelope]), isLate),
  ]);
  assert.ok(service.signals.every(({ aborted }) => aborted));
  assert.deepEqual([...(service.secrets[0] ?? [])], Array(32).fill(0));
  await until(() => service.secrets.length === 2);
  await sleep(20);
  assert.deepEqual([...(service.secrets[1] ?? [])], Array(32).fill(0));
});

test('a service that hears of the end of its time has no better word', async () => {
  const aborted = (_key: unknown, _given: unknown, signal?: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  await assert.rejects(
    codecOf({ wrap: aborted, unwrap: aborted }, ', timeout: 20 ms').encode([payload('1')]),
    /no answer in 0\.02 s/,
  );
});

test('a service that takes three seconds does not keep the event loop', async () => {
  const [envelope] = await envelopes(1);
  assert.ok(envelope);
  const service = Object.assign(new Service(), { takes: 3000 });
  const codec = codecOf(service);
  let longest = 0;
  let last = performance.now();
  const ticking = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 10);
  const begin = performance.now();
  await Promise.all([
    codec.encode([payload('1')]),
    codec.encode([payload('1'), payload(Buffer.alloc(100 * 1024))]),
    codec.decode([envelope]),
  ]);
  clearInterval(ticking);
  assert.ok(performance.now() - begin >= 2990);
  assert.ok(longest < 2500, `the event loop was kept for ${longest} ms`);
});

for (const count of [1, 3]) {
  test(`a data key is renewed off the path of calls, ${count} at a time`, async () => {
    let resume = (): void => undefined;
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    const service = new Service();
    service.before = (wraps) => (wraps === 2 ? resumed : Promise.resolve());
    const codec = codecOf(service, `, data_key: { messages: ${MESSAGES} }`);
    const first = dataKeyOf((await codec.encode(UNTIL_RENEWAL))[0]);
    const list = Array.from({ length: count }, () => payload('1'));
    const key = async (): Promise<string> => dataKeyOf((await codec.encode(list))[0]);
    await until(async () => {
      await sleep(50);
      assert.equal(await key(), first);
      return service.wraps === 2;
    });
    assert.equal(await key(), first);
    resume();
    await until(async () => {
      await sleep(50);
      return (await key()) !== first;
    });
    assert.deepEqual([service.wraps, service.unwraps], [2, 0]);
    for (const secret of service.secrets) assert.deepEqual([...secret], Array(32).fill(0));
  });
}

test('a renewal that fails harms no call', async () => {
  const service = new Service();
  const codec = codecOf(service, ', data_key: { messages: 64 }');
  await codec.encode([payload('1')]);
  service.fails = new Error('away');
  for (let count = 0; count < 60; count++) await codec.encode([payload('1')]);
  assert.equal(service.wraps, 2);
});

test('close during a renewal and during a call waits for nothing, and ends neither', async () => {
  let resume = (): void => undefined;
  const resumed = new Promise<void>((resolve) => (resume = resolve));
  const service = new Service();
  service.before = () => resumed;
  const t = parse(serviceConfig(), '', { keyService: service });
  const call = t.payloadCodec.encode([payload('1')]);
  const other = t.payloadCodec.encode([payload('2')]);
  t.close();
  resume();
  isEnvelope((await call)[0]);
  isEnvelope((await other)[0]);
  await assert.rejects(t.payloadCodec.encode([payload('1')]), TdcError);
});

test('wrapped keys that are longer than those before fit', async () => {
  const service = new Service();
  const codec = codecOf(service, ', data_key: { messages: 2, renew_before: 1 ms }');
  for (let padding = 0; padding <= 6000; padding += 750) {
    service.padding = padding;
    for (const size of [1, 16 * 1024 - 40, 64 * 1024, 100 * 1024, 1]) {
      const list = [payload(Buffer.alloc(size, 65))];
      const encoded = await codec.encode(list);
      assert.deepEqual(dataOf(await codec.decode(encoded)), dataOf(list));
    }
  }
  assert.ok(service.wraps >= 18);
});
