// The SDK's payloads as serialised protobuf, and back.
//
// Written by hand: for one small payload, the SDK's own classes take longer than the whole call of
// the library.

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

/** Up to this many bytes, a loop is faster than a call of `set`. */
const SHORT = 64;

/** The keys that most payloads have, by their length: one string for all of them. */
const KNOWN_KEYS: Readonly<Record<number, string>> = {
  8: 'encoding',
  11: 'messageType',
  14: 'encryption-dek',
  17: 'encryption-key-id',
};

/** A payload that is stored elsewhere, as newer SDKs know it. */
interface ExternalPayload {
  sizeBytes?: Long | number | null;
}

/** The SDK's type, whether it has external payloads or not. */
type Fields = Pick<Payload, 'metadata' | 'data'> & { externalPayloads?: ExternalPayload[] | null };

/** The bytes of a serialised payload. */
export function payloadSize(payload: Payload): number {
  const { metadata, data, externalPayloads } = payload as Fields;
  let size = metadataSize(metadata);
  if (data && data.length > 0) size += 1 + delimited(data.length);
  if (externalPayloads) {
    for (const external of externalPayloads) size += 1 + delimited(externalSize(external));
  }
  return size;
}

/**
 * Writes everything before the bytes of `data` up to `limit`, and returns the position after it; -1
 * where it does not fit, or where anything follows `data`.
 */
export function writeHead(
  out: Buffer,
  position: number,
  limit: number,
  { metadata, data, externalPayloads }: Fields,
): number {
  if (externalPayloads && externalPayloads.length > 0) return -1;
  position = writeMetadata(out, position, limit, metadata);
  if (!data || data.length === 0 || position < 0) return position;
  if (position + 1 + varintSize(data.length) > limit) return -1;
  out[position++] = DATA;
  return writeVarint(out, position, data.length);
}

/** Writes a payload and returns the position after it. `out` has room for it. */
export function writePayload(out: Buffer, position: number, payload: Payload): number {
  const { metadata, data, externalPayloads } = payload as Fields;
  position = writeMetadata(out, position, out.length, metadata);
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
  const out = Buffer.allocUnsafeSlow(sizes.reduce((sum, size) => sum + 1 + delimited(size), 0));
  let position = 0;
  payloads.forEach((payload, index) => {
    out[position++] = PAYLOADS;
    position = writeVarint(out, position, sizes[index] as number);
    position = writePayload(out, position, payload);
  });
  // Unwritten memory may contain anything.
  if (position !== out.length) throw new RangeError('a payload changed while it was read');
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

/** A serialised payload between two positions, as views of the bytes that it is read from. */
export function decodePayload(reader: Reader, start: number, end: number): Payload {
  reader.position = start;
  reader.end = end;
  return readPayload(reader);
}

function readPayload(reader: Reader): Payload {
  const metadata: Record<string, Uint8Array> = {};
  const payload: Fields = { metadata, data: NO_BYTES };
  let external: ExternalPayload[] | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
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
        // A field that this SDK does not know, which protobufjs drops, too.
        reader.skipField(tag);
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
    else reader.skipField(tag);
  }
  if (reader.position !== end) throw new RangeError('the message is malformed');
  setEntry(metadata, key, value);
}

/** Assignments by name keep the objects in one shape: they take half the time of one by key. */
function setEntry(metadata: Record<string, Uint8Array>, key: string, value: Uint8Array): void {
  switch (key) {
    case 'encoding':
      metadata['encoding'] = value;
      break;
    case 'messageType':
      metadata['messageType'] = value;
      break;
    case 'encryption-dek':
      metadata['encryption-dek'] = value;
      break;
    case 'encryption-key-id':
      metadata['encryption-key-id'] = value;
      break;
    case '__proto__':
      // An assignment would change the prototype instead.
      Object.defineProperty(metadata, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      break;
    default:
      metadata[key] = value;
  }
}

function readExternal(reader: Reader): ExternalPayload {
  const start = reader.span();
  const end = reader.position;
  let sizeBytes = Long.ZERO;
  reader.position = start;
  while (reader.position < end) {
    const tag = reader.varint();
    if (tag === SIZE_BYTES) sizeBytes = Long.fromString(reader.int64().toString());
    else reader.skipField(tag);
  }
  if (reader.position !== end) throw new RangeError('the message is malformed');
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

function metadataSize(metadata: Fields['metadata']): number {
  let size = 0;
  for (const key in metadata) {
    if (Object.hasOwn(metadata, key)) size += 1 + delimited(entrySize(key, metadata[key]));
  }
  return size;
}

function writeMetadata(
  out: Buffer,
  position: number,
  limit: number,
  metadata: Fields['metadata'],
): number {
  for (const key in metadata) {
    if (!Object.hasOwn(metadata, key)) continue;
    const value = metadata[key] ?? NO_BYTES;
    const keySize = textSize(key);
    const size = 2 + delimited(keySize) + delimited(value.length);
    if (position + 1 + delimited(size) > limit) return -1;
    out[position++] = METADATA;
    position = writeVarint(out, position, size);
    out[position++] = KEY;
    position = writeText(out, position, key, keySize);
    out[position++] = VALUE;
    position = writeBytes(out, position, value);
  }
  return position;
}

function entrySize(key: string, value: Uint8Array | null | undefined): number {
  return 2 + delimited(textSize(key)) + delimited(value ? value.length : 0);
}

function delimited(length: number): number {
  return varintSize(length) + length;
}

/** Keys are short and nearly always ASCII. */
function textSize(value: string): number {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) >= 0x80) return Buffer.byteLength(value);
  }
  return value.length;
}

function writeText(out: Buffer, position: number, value: string, length: number): number {
  position = writeVarint(out, position, length);
  if (length !== value.length) return position + out.write(value, position);
  for (let at = 0; at < length; at++) out[position++] = value.charCodeAt(at);
  return position;
}

function writeBytes(out: Buffer, position: number, value: Uint8Array): number {
  const { length } = value;
  position = writeVarint(out, position, length);
  if (length > SHORT) out.set(value, position);
  else for (let at = 0; at < length; at++) out[position + at] = value[at] as number;
  return position + length;
}

function view(reader: Reader): Uint8Array {
  const start = reader.span();
  return new Uint8Array(reader.buffer, reader.offset + start, reader.position - start);
}

function text(message: Buffer, start: number, end: number): string {
  const known = KNOWN_KEYS[end - start];
  if (known !== undefined && isText(message, start, known)) return known;
  return message.toString('utf8', start, end);
}

function isText(message: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (message[start + at] !== text.charCodeAt(at)) return false;
  }
  return true;
}
