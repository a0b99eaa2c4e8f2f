// The SDK's own default converters as the oracle: what they write, a `dataConverter` of tdc writes,
// and each reads the other's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  defaultPayloadConverter,
  JsonPayloadConverter,
  type LoadedDataConverter,
  type Payload,
  type PayloadConverter,
  UndefinedPayloadConverter,
} from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  encodeToPayloadsWithContext,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow';
import {
  DefaultPayloadConverterWithProtobufs,
  ProtobufBinaryPayloadConverter,
  ProtobufJsonPayloadConverter,
} from '@temporalio/common/lib/protobufs';
import * as root from '@temporalio/proto';
import type { Message } from 'protobufjs/light.js';
import { parse } from 'temporal-tdc';
import { ENCRYPT } from './support.js';

const { temporal, google } = root;
const { Payloads } = temporal.api.common.v1;

const HALF = 'half a pair \ud83c';

/** What programs pass, and what JSON does to it. */
const VALUES: unknown[] = [
  ...[undefined, null, true, false, 0, -0, 1.5, -1e-7, 1e21, 5e-324, 2 ** 53, NaN, Infinity],
  ...['', 'text', 'e\u0301 Grüße, 世界, 🍵 \u2028\u2029\u007f <&> "\\"', HALF],
  ...[new Uint8Array(), Uint8Array.of(0, 255), Buffer.from('a Buffer'), Buffer.alloc(70_000, 7)],
  new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2),
  ...[[], {}, [undefined, null, []], { gone: undefined, kept: null, '': { 2: 'b', 1: 'a' } }],
  ...[new Date(0), new Map([[1, 2]]), { bytes: Uint8Array.of(1), buffer: Buffer.of(1) }],
  ...[{ toJSON: (): string => 'its own JSON' }, Object.create({ inherited: 1 })],
];

/** Messages of protobufjs, as a program has them that gives the SDK its root. */
const MESSAGES: unknown[] = [
  temporal.api.common.v1.WorkflowExecution.create({ workflowId: 'ä', runId: '🍵' }),
  temporal.api.common.v1.WorkflowExecution.create(),
  temporal.api.common.v1.Payload.create({
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.of(0, 255),
  }),
  google.protobuf.Timestamp.create({ nanos: 120_000_000 }),
  google.protobuf.Struct.create({
    fields: { a: { listValue: { values: [{ boolValue: true }] } } },
  }),
];

const withProtobufs = new DefaultPayloadConverterWithProtobufs({ protobufRoot: root });

/**
 * Hands messages on as `binary/protobuf`, the raw form that the configuration's converters take.
 */
const raw = new CompositePayloadConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  new ProtobufBinaryPayloadConverter(root),
  new ProtobufJsonPayloadConverter(root),
  new JsonPayloadConverter(),
);

/** The SDK's, without tdc. */
function ofSdk(payloadConverter: PayloadConverter = defaultPayloadConverter): LoadedDataConverter {
  return { ...loadDataConverter(), payloadConverter };
}

/** As a client or a worker loads what a program gives it. */
function ofTdc(document: string, payloadConverter = defaultPayloadConverter): LoadedDataConverter {
  return { ...loadDataConverter(parse(document).dataConverter), payloadConverter };
}

/** What a server stores: one message for all values. */
async function write(converter: LoadedDataConverter, values: readonly unknown[]): Promise<Buffer> {
  const payloads = await encodeToPayloadsWithContext(converter, undefined, [...values]);
  return Buffer.from(Payloads.encode({ payloads: payloads ?? [] }).finish());
}

function read(converter: LoadedDataConverter, stored: Buffer): Promise<unknown[]> {
  return decodeArrayFromPayloads(converter, payloadsIn(stored));
}

function payloadsIn(stored: Buffer): Payload[] {
  return Payloads.decode(stored).payloads as Payload[];
}

function encodings(stored: Buffer): string[] {
  return payloadsIn(stored).map(({ metadata }) =>
    Buffer.from(metadata?.['encoding'] ?? []).toString(),
  );
}

test('without converters of its own, tdc writes what the SDK writes', async () => {
  for (const [converter, values] of [
    [defaultPayloadConverter, VALUES],
    [withProtobufs, [...VALUES, ...MESSAGES]],
  ] as const) {
    const written = await write(ofTdc('version: 1\n', converter), values);
    assert.ok(written.equals(await write(ofSdk(converter), values)));
  }
});

test('converters of the configuration that do what the SDK does write the same', async () => {
  const list = 'converters: [null, bytes, json-protobuf, binary-protobuf, json]\n';
  const written = await write(ofTdc(`version: 1\n${list}`), VALUES);
  const expected = await write(ofSdk(), VALUES);
  assert.deepEqual(await read(ofSdk(), written), await read(ofSdk(), expected));
  assert.deepEqual(encodings(written), encodings(expected));
});

test('encrypted values come back as the SDK gives them back', async () => {
  for (const [document, values] of [
    [ENCRYPT, VALUES],
    // MessagePack's texts are UTF-8, which has no half of a pair.
    [`${ENCRYPT}converters: [null, bytes, msgpack]\n`, VALUES.filter((value) => value !== HALF)],
  ] as const) {
    const tdc = ofTdc(document);
    const written = await write(tdc, values);
    assert.ok(encodings(written).every((encoding) => encoding === 'binary/encrypted'));
    assert.deepEqual(await read(tdc, written), await read(ofSdk(), await write(ofSdk(), values)));
  }
});

test('tdc reads what the SDK wrote before there was a configuration', async () => {
  const values = [...VALUES, ...MESSAGES];
  const written = await write(ofSdk(withProtobufs), values);
  const expected = await read(ofSdk(withProtobufs), written);
  for (const document of [ENCRYPT, 'version: 1\nconverters: [null, bytes, msgpack]\n']) {
    assert.deepEqual(await read(ofTdc(document, withProtobufs), written), expected);
  }
});

/** What a message says, whether it was read from JSON or not. */
function contents(messages: unknown[]): string[] {
  return messages.map((read) => {
    const message = read as Message;
    return Buffer.from(message.$type.encode(message).finish()).toString('hex');
  });
}

test('messages become what the converters of the configuration say', async () => {
  const expected = contents(MESSAGES);
  for (const [list, encoding] of [
    ['null, bytes, json-protobuf, binary-protobuf, json', 'json/protobuf'],
    ['null, bytes, binary-protobuf, json', 'binary/protobuf'],
  ]) {
    const tdc = ofTdc(`version: 1\nconverters: [${list ?? ''}]\n`, raw);
    const written = await write(tdc, MESSAGES);
    assert.deepEqual(new Set(encodings(written)), new Set([encoding]));
    assert.deepEqual(contents(await read(tdc, written)), expected);
    assert.deepEqual(contents(await read(ofSdk(withProtobufs), written)), expected);
  }
});
