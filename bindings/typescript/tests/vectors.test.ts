// Every vector: as raw bytes, and through the SDK's types where they can hold it.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { parse, TdcError } from 'temporal-tdc';
import { rawLibrary, root, type Vector, vectors } from './support.js';

const { Payloads } = temporal.api.common.v1;
let ran = 0;

type Convert = (operation: string, input: Buffer) => Promise<Buffer>;

const bytes = (hex: string | undefined): Buffer => Buffer.from(hex ?? '', 'hex');

function payloadsOf(message: Buffer): Payload[] {
  return Payloads.decode(message).payloads as Payload[];
}

/** What the SDK's types make of a message. */
function normal(message: Buffer): unknown[] {
  return payloadsOf(message).map(plain);
}

function plain({ metadata, data, externalPayloads }: Payload): unknown {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value).toString('hex'),
      ]),
    ),
    data: Buffer.from(data ?? []).toString('hex'),
    sizes: (externalPayloads ?? []).map(({ sizeBytes }) => String(sizeBytes ?? 0)),
  };
}

/** The SDK's interface. */
function typed({
  config,
  namespace,
}: Vector): (operation: string, list: Payload[]) => Promise<Payload[]> {
  const { payloadCodec } = parse(config, '', { namespace });
  return (operation, list) =>
    operation === 'encode' ? payloadCodec.encode(list) : payloadCodec.decode(list);
}

/** Whether protobufjs reads the vector's messages, and keeps all of them. */
function fitsTheSdk({ operation, input, expect }: Vector): boolean {
  if (!input || !['encode', 'decode', 'roundtrip'].includes(operation)) return false;
  try {
    for (const message of [bytes(input), bytes(expect.payloads)]) {
      const kept = Payloads.encode(Payloads.decode(message)).finish();
      if (!message.equals(kept)) return false;
    }
  } catch {
    return false;
  }
  return true;
}

async function check(vector: Vector, convert: Convert): Promise<void> {
  const { operation, expect } = vector;
  const input = bytes(vector.input);
  if (operation !== 'roundtrip') {
    const answer = await convert(CALLS[operation] ?? operation, input);
    assert.equal(answer.toString('hex'), expect.payloads ?? expect.message ?? '');
    return;
  }
  const encoded = await convert('encode', input);
  checkEncoded(payloadsOf(encoded), vector);
  assert.equal((await convert('decode', encoded)).toString('hex'), vector.input);
}

function checkEncoded(encoded: Payload[], { expect }: Vector): void {
  const encodings = encoded.map(({ metadata }) => metadata?.['encoding']);
  assert.deepEqual(
    encodings.map((encoding) => (encoding ? Buffer.from(encoding).toString() : null)),
    expect.encodings,
  );
  if (expect.external_sizes) {
    const sizes = encoded.map(({ externalPayloads }) =>
      (externalPayloads ?? []).map(({ sizeBytes }) => Number(sizeBytes ?? 0)),
    );
    assert.deepEqual(sizes, expect.external_sizes);
  }
}

async function checkTyped(vector: Vector): Promise<void> {
  const convert = typed(vector);
  const { operation, expect } = vector;
  const input = payloadsOf(bytes(vector.input));
  if (operation === 'roundtrip') {
    const encoded = await convert('encode', input);
    checkEncoded(encoded, vector);
    assert.deepEqual((await convert('decode', encoded)).map(plain), normal(bytes(vector.input)));
  } else {
    assert.deepEqual((await convert(operation, input)).map(plain), normal(bytes(expect.payloads)));
  }
}

const CALLS: Record<string, string> = {
  to_payload: 'toPayload',
  from_payload: 'fromPayload',
  encode_failure: 'encodeFailure',
  decode_failure: 'decodeFailure',
  decode_history: 'decodeHistory',
  provide_descriptor: 'provideDescriptor',
};

async function run(vector: Vector, convert: () => unknown): Promise<void> {
  const { error, payload_index: index } = vector.expect;
  if (error === undefined) {
    await convert();
    return;
  }
  await assert.rejects(
    async () => convert(),
    (caught: unknown) => {
      assert.ok(caught instanceof TdcError, String(caught));
      assert.equal(caught.code, error, caught.message);
      assert.equal(caught.index, index, caught.message);
      assert.ok(caught.number > 100);
      return true;
    },
  );
}

for (const vector of vectors()) {
  test(vector.name, async () => {
    const { config, namespace, operation } = vector;
    if (operation === 'open') await run(vector, () => parse(config, '', { namespace }));
    else {
      await run(vector, () => check(vector, rawLibrary(config, namespace ?? '')));
      if (fitsTheSdk(vector)) await run(vector, () => checkTyped(vector));
    }
    ran++;
  });
}

after(() => {
  // scripts/test-typescript says it.
  writeFileSync(join(root, 'target', 'typescript', 'vectors'), `vectors: typescript ran ${ran}\n`);
});
