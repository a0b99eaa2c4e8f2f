import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { type Payload, defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { parse, TdcError } from 'temporal-tdc';
import { COMPRESS, ENCRYPT, KEY } from './support.js';

const HOST_KEYS = `version: 1
codecs: [encrypt]
keys: { primary: far, host: true }
`;

function payload(data: string | Uint8Array): Payload {
  return { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from(data) };
}

function encodingOf(from: Payload | undefined): string {
  return Buffer.from(from?.metadata?.['encoding'] ?? []).toString();
}

function isCode(code: string, index?: number) {
  return (error: unknown): boolean =>
    error instanceof TdcError && error.code === code && error.index === index;
}

test('payloads of every size and number come back', async () => {
  for (const size of [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 1024 * 1024, 5 << 20]) {
    for (const [count, document] of [
      [0, ENCRYPT],
      [1, ENCRYPT],
      [3, ENCRYPT],
      [2, COMPRESS],
    ] as const) {
      const { payloadCodec } = parse(document);
      const list = Array.from({ length: count }, (_, at) => payload(Buffer.alloc(size, at + 1)));
      const encoded = await payloadCodec.encode(list);
      const encodings = encoded.map(encodingOf);
      assert.ok(encodings.every((encoding) => encoding !== 'binary/plain'));
      const decoded = await payloadCodec.decode(encoded);
      assert.deepEqual(
        decoded.map(({ data }) => Buffer.from(data ?? [])),
        list.map(({ data }) => data),
      );
    }
  }
});

test('an error has code, number and index', async () => {
  const { payloadCodec } = parse(ENCRYPT);
  const [good, bad] = await payloadCodec.encode([payload('one'), payload('two')]);
  assert.ok(good && bad?.data);
  const at = bad.data.length - 1;
  bad.data[at] = (bad.data[at] ?? 0) ^ 1;
  await assert.rejects(payloadCodec.decode([good, bad]), isCode('TDC_ERR_AUTHENTICATION', 1));
  assert.throws(() => parse('version: 2'), isCode('TDC_ERR_CONFIG'));
});

test('a metadata key cannot change a prototype', async () => {
  const { payloadCodec } = parse('version: 1\ncodecs: [zlib]\n');
  const [encoded] = await payloadCodec.encode([
    {
      metadata: Object.defineProperty({}, '__proto__', { value: KEY, enumerable: true }),
      data: Buffer.alloc(4096),
    },
  ]);
  assert.ok(encoded);
  const [decoded] = await payloadCodec.decode([encoded]);
  assert.deepEqual(Object.keys(decoded?.metadata ?? {}), ['__proto__']);
  assert.equal(Object.getPrototypeOf(decoded?.metadata), Object.prototype);
});

test('a closed Tdc refuses calls, and closing again does nothing', async () => {
  const t = parse(COMPRESS);
  const inFlight = t.payloadCodec.encode([payload(Buffer.alloc(5 << 20))]);
  t.close();
  t.close();
  assert.equal(t.closed, true);
  assert.equal((await inFlight).length, 1);
  await assert.rejects(t.payloadCodec.encode([payload('x')]), isCode('TDC_ERR_ARGUMENT'));
  assert.throws(() => {
    t.reload();
  }, isCode('TDC_ERR_ARGUMENT'));
});

test('a key provider is awaited and asked once for a burst', async () => {
  let asked = 0;
  const keyProvider = async (id: string): Promise<Uint8Array> => {
    asked++;
    assert.equal(id, 'far');
    await Promise.resolve();
    return KEY;
  };
  const { payloadCodec } = parse(HOST_KEYS, '', { keyProvider });
  const burst = [1, 2, 3].map(() => payloadCodec.encode([payload('x')]));
  assert.equal((await Promise.all(burst)).length, 3);
  assert.equal(asked, 1);
});

test('a key provider that fails, or is missing, is a transient error', async () => {
  const cause = new Error('no network');
  const failing = parse(HOST_KEYS, '', { keyProvider: () => Promise.reject(cause) });
  for (const t of [failing, parse(HOST_KEYS)]) {
    await assert.rejects(
      t.payloadCodec.encode([payload('x')]),
      (error: unknown) =>
        error instanceof TdcError && error.code === 'TDC_ERR_KEY_PROVIDER' && error.transient,
    );
  }
});

test('converters of the configuration work behind those of the SDK', async () => {
  const { payloadCodec } = parse('version: 1\nconverters: [null, bytes, msgpack]\n');
  const value = { text: 'ä', numbers: [1, 2.5, null] };
  const [encoded] = await payloadCodec.encode([
    defaultPayloadConverter.toPayload(value) as Payload,
  ]);
  assert.equal(encodingOf(encoded), 'binary/msgpack');
  const [decoded] = await payloadCodec.decode([encoded as Payload]);
  assert.deepEqual(defaultPayloadConverter.fromPayload(decoded as Payload), value);
});

test('whole messages and failures go there and back', async () => {
  const t = parse(`${ENCRYPT}failures: { encode_common_attributes: true }\n`);
  const { Failure } = temporal.api.failure.v1;
  const name = 'temporal.api.failure.v1.Failure';
  const failure = Failure.create({ message: 'secret', stackTrace: 'at x' });
  const encoded = await t.encodeMessage(name, Failure, failure);
  assert.notEqual(encoded.message, 'secret');
  assert.equal((await t.decodeMessage(name, Failure, encoded)).message, 'secret');
  assert.match(t.dataConverter.failureConverterPath ?? '', /failure-converter\.js$/);
});

test('fields that the SDK does not know are left out, whatever their wire types are', async () => {
  const known = Buffer.from(temporal.api.common.v1.Payload.encode(payload('known')).finish());
  // A varint, a text, a fixed32, a fixed64, and a group with a group in it: the fields 100, 1250,
  // 15, 17 and 16.
  const unknown = Buffer.from(
    'a00607924e06667574757265' + '7d01020304' + '89010102030405060708',
    'hex',
  );
  const group = Buffer.from('8301080183010801840184' + '01', 'hex');
  const layer = deflateSync(Buffer.concat([unknown, known, group]));
  const metadata = { encoding: Buffer.from('binary/zlib') };
  const { payloadCodec } = parse('version: 1\ncodecs: [zlib]\n');
  const [decoded] = await payloadCodec.decode([{ metadata, data: layer }]);
  assert.equal(encodingOf(decoded), 'binary/plain');
  assert.equal(Buffer.from(decoded?.data ?? []).toString(), 'known');
  const broken = { metadata, data: deflateSync(Buffer.concat([known, Buffer.of(0x83, 0x01)])) };
  await assert.rejects(payloadCodec.decode([broken]), isCode('TDC_ERR_PROTOBUF', 0));
});
