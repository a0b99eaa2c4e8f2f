// The SDK's payloads as serialised protobuf, and back.
//
// Written by hand: what the SDK's own classes need for one small payload is longer than the whole call of the library.

import type { Payload } from '@temporalio/common';
import Long from 'long';
import { Reader, varintSize, writeVarint } from './wire.js';

const METADATA = 0x0a;
const DATA = 0x12;
const EXTERNAL_PAYLOADS = 0x1a;
const PAYLOADS = 0x0a;
const KEY = 0x0a;
const VALUE = 0x12;
const SIZE_BYTES = 0x08;

const NO_BYTES = new Uint8Array(0);

/** A payload that is stored elsewhere, as newer SDKs know it. */
interface ExternalPayload {
  sizeBytes?: Long | number | null;
}

/** The SDK's type, whether it has external payloads or not. */
type Fields = Pick<Payload, 'metadata' | 'data'> & { externalPayloads?: ExternalPayload[] | null };

/** The bytes of a serialised payload. */
export function payloadSize(payload: Payload): number {
  let size = 0;
  const { metadata, data, externalPayloads } = payload as Fields;
  if (metadata) {
    for (const key in metadata) {
      if (Object.hasOwn(metadata, key)) size += 1 + delimited(entrySize(key, metadata[key]));
    }
  }
  if (data && data.length > 0) size += 1 + delimited(data.length);
  if (externalPayloads) {
    for (const external of externalPayloads) size += 1 + delimited(externalSize(external));
  }
  return size;
}

/** Writes a payload and gives the position behind it. `out` has room for it. */
export function writePayload(out: Buffer, position: number, payload: Payload): number {
  const { metadata, data, externalPayloads } = payload as Fields;
  if (metadata) {
    for (const key in metadata) {
      if (!Object.hasOwn(metadata, key)) continue;
      const value = metadata[key] ?? NO_BYTES;
      out[position++] = METADATA;
      position = writeVarint(out, position, entrySize(key, value));
      out[position++] = KEY;
      position = writeText(out, position, key);
      out[position++] = VALUE;
      position = writeBytes(out, position, value);
    }
  }
  if (data && data.length > 0) {
    out[position++] = DATA;
    position = writeBytes(out, position, data);
  }
  if (externalPayloads) {
    for (const external of externalPayloads) {
      out[position++] = EXTERNAL_PAYLOADS;
      position = writeExternal(out, position, external);
    }
  }
  return position;
}

/** A serialised `Payloads`. */
export function encodePayloads(payloads: readonly Payload[]): Buffer {
  const sizes = payloads.map(payloadSize);
  const out = Buffer.alloc(sizes.reduce((sum, size) => sum + 1 + delimited(size), 0));
  let position = 0;
  payloads.forEach((payload, index) => {
    out[position++] = PAYLOADS;
    position = writeVarint(out, position, sizes[index] as number);
    position = writePayload(out, position, payload);
  });
  return out;
}

/** The payloads of a serialised `Payloads`, as views of it. */
export function decodePayloads(message: Buffer): Payload[] {
  const payloads: Payload[] = [];
  const reader = new Reader(message);
  while (!reader.done) {
    if (reader.varint() !== PAYLOADS) throw new RangeError('the message is not Payloads');
    const length = reader.varint();
    const { end } = reader;
    reader.end = reader.position + length;
    if (reader.end > end) throw new RangeError('the message is malformed');
    payloads.push(readPayload(reader));
    reader.end = end;
  }
  return payloads;
}

/** A serialised payload, as views of it. */
export function decodePayload(message: Buffer): Payload {
  return readPayload(new Reader(message));
}

function readPayload(reader: Reader): Payload {
  const metadata: Record<string, Uint8Array> = {};
  const payload: Fields = { metadata, data: NO_BYTES };
  let external: ExternalPayload[] | undefined;
  while (!reader.done) {
    switch (reader.varint()) {
      case METADATA:
        readEntry(reader, metadata);
        break;
      case DATA:
        payload.data = view(reader);
        break;
      case EXTERNAL_PAYLOADS:
        external ??= [];
        external.push(readExternal(reader));
        break;
      default:
        // A field that this SDK does not know has a length, like all that Temporal added so far.
        reader.span();
    }
  }
  if (external) payload.externalPayloads = external;
  return payload as Payload;
}

function readEntry(reader: Reader, metadata: Record<string, Uint8Array>): void {
  const start = reader.span();
  const end = reader.position;
  reader.position = start;
  let key = '';
  let value: Uint8Array = NO_BYTES;
  while (reader.position < end) {
    const tag = reader.varint();
    if (tag === KEY) {
      const begin = reader.span();
      key = text(reader.message, begin, reader.position);
    } else if (tag === VALUE) value = view(reader);
    else reader.span();
  }
  if (reader.position !== end) throw new RangeError('the message is malformed');
  if (key === '__proto__') {
    // An assignment would change the prototype instead.
    Object.defineProperty(metadata, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else metadata[key] = value;
}

function readExternal(reader: Reader): ExternalPayload {
  const start = reader.span();
  const end = reader.position;
  let sizeBytes = Long.ZERO;
  reader.position = start;
  while (reader.position < end) {
    const tag = reader.varint();
    if (tag === SIZE_BYTES) sizeBytes = Long.fromString(reader.int64().toString());
    else reader.span();
  }
  return { sizeBytes };
}

function externalSize({ sizeBytes }: ExternalPayload): number {
  return sizeBytes ? int64Bytes(sizeBytes).length : 0;
}

function writeExternal(out: Buffer, position: number, { sizeBytes }: ExternalPayload): number {
  return writeBytes(out, position, sizeBytes ? int64Bytes(sizeBytes) : NO_BYTES);
}

/** The field with a size; 0 is left out. */
function int64Bytes(size: Long | number): Uint8Array {
  const bytes = [SIZE_BYTES];
  let rest = BigInt.asUintN(64, BigInt(size.toString()));
  if (rest === 0n) return NO_BYTES;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function entrySize(key: string, value: Uint8Array | null | undefined): number {
  return 2 + delimited(Buffer.byteLength(key)) + delimited(value ? value.length : 0);
}

function delimited(length: number): number {
  return varintSize(length) + length;
}

function writeText(out: Buffer, position: number, value: string): number {
  const length = Buffer.byteLength(value);
  position = writeVarint(out, position, length);
  if (length !== value.length) return position + out.write(value, position);
  for (let at = 0; at < length; at++) out[position++] = value.charCodeAt(at);
  return position;
}

function writeBytes(out: Buffer, position: number, value: Uint8Array): number {
  position = writeVarint(out, position, value.length);
  out.set(value, position);
  return position + value.length;
}

function view(reader: Reader): Uint8Array {
  const start = reader.span();
  const { buffer, byteOffset } = reader.message;
  return new Uint8Array(buffer, byteOffset + start, reader.position - start);
}

/** Keys are short and nearly always ASCII. */
function text(message: Buffer, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = message[at] as number;
    if (byte >= 0x80) return message.toString('utf8', start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}
