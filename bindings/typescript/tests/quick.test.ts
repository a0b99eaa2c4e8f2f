// The quick way: what shares memory, what has its own, and what may be done to either.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Payload } from '@temporalio/common';
import { parse, TdcError } from 'temporal-tdc';
import { ENCRYPT } from './support.js';

function payload(data: Uint8Array): Payload {
  return { metadata: { encoding: Buffer.from('binary/plain') }, data };
}

function dataOf(payloads: Payload[]): Buffer[] {
  return payloads.map(({ data }) => Buffer.from(data ?? []));
}

test('lists of all sizes around the borders come back, each payload its own', async () => {
  const { payloadCodec } = parse(ENCRYPT);
  const borders = [0, 1, 63, 64, 65, 2047, 2048, 2049, 16384, 16385, 65535, 65536, 65537];
  const list = borders.map((size) => payload(randomBytes(size)));
  const encoded = await payloadCodec.encode(list);
  const later = await payloadCodec.encode([...list].reverse());
  assert.deepEqual(dataOf(await payloadCodec.decode(encoded)), dataOf(list));
  assert.deepEqual(dataOf(await payloadCodec.decode(later)).reverse(), dataOf(list));
  // Encoded again, the payloads are read from the memory that results are written to.
  const twice = await payloadCodec.decode(await payloadCodec.encode(encoded));
  assert.deepEqual(dataOf(twice), dataOf(list));
});

test('results that were changed or detached harm no other call', async () => {
  const { payloadCodec } = parse(ENCRYPT);
  const plain = payload(Buffer.from('plain'));
  const [first] = await payloadCodec.encode([plain]);
  const buffer = (first?.data ?? Buffer.alloc(0)).buffer as ArrayBuffer & {
    transfer?: () => unknown;
  };
  // Versions of Node.js copy, refuse, or do what is asked.
  for (const detach of [
    () => structuredClone(buffer, { transfer: [buffer] }),
    () => buffer.transfer?.(),
  ]) {
    try {
      detach();
    } catch (error) {
      assert.match(String(error), /DataCloneError|not detachable/);
    }
  }
  for (let round = 0; round < 3; round++) {
    const encoded = await payloadCodec.encode([plain]);
    assert.deepEqual(dataOf(await payloadCodec.decode(encoded)), dataOf([plain]));
  }
});

test('memory of several threads is read by a copy', async () => {
  const { payloadCodec } = parse(ENCRYPT);
  for (const size of [100, 10_000, 100_000]) {
    const shared = new Uint8Array(new SharedArrayBuffer(size)).fill(7);
    const decoded = await payloadCodec.decode(await payloadCodec.encode([payload(shared)]));
    assert.deepEqual(dataOf(decoded), [Buffer.alloc(size, 7)]);
  }
});

test('data that compresses well comes back from a small payload', async () => {
  const { payloadCodec } = parse('version: 1\ncodecs: [zstd]');
  const list = [payload(Buffer.alloc(1 << 20, 1)), payload(Buffer.alloc(60_000, 2))];
  const encoded = await payloadCodec.encode(list);
  assert.ok(encoded.every(({ data }) => data && data.length < 1000));
  assert.deepEqual(dataOf(await payloadCodec.decode(encoded)), dataOf(list));
});

test('the limits hold for a list', async () => {
  const { payloadCodec } = parse(`${ENCRYPT}limits: { max_payloads: 3 }\n`);
  const one = payload(Buffer.from('x'));
  assert.equal((await payloadCodec.encode([one, one, one])).length, 3);
  const isLimit = (error: unknown): boolean =>
    error instanceof TdcError && error.code === 'TDC_ERR_LIMIT';
  await assert.rejects(payloadCodec.encode([one, one, one, one]), isLimit);
  assert.equal((await payloadCodec.encode([one])).length, 1);
});

test('metadata of any size and text is kept', async () => {
  const { payloadCodec } = parse(ENCRYPT);
  const metadata = {
    encoding: Buffer.from('json/plain'),
    'encryption-kez-id': Buffer.from('nearly a known key'),
    'schlüssel ☃': Buffer.alloc(3000, 1),
    long: Buffer.alloc(5000, 2),
  };
  const [decoded] = await payloadCodec.decode(
    await payloadCodec.encode([{ metadata, data: null }]),
  );
  const found = Object.entries(decoded?.metadata ?? {}).map(([k, v]) => [k, Buffer.from(v)]);
  assert.deepEqual(Object.fromEntries(found), metadata);
});
