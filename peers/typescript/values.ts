// Writes and reads values through a data converter, the way a TypeScript program has them.

import type { LoadedDataConverter, Payload } from '@temporalio/common';
import {
  decodeFromPayloadsAtIndex,
  encodeToPayload,
} from '@temporalio/common/lib/internal-non-workflow';
import { temporal } from '@temporalio/proto';
import { textOf, typeNamed } from './messages.js';

const PayloadMessage = temporal.api.common.v1.Payload;

/** A payload of the value that a record describes. */
export async function writeValue(
  converter: LoadedDataConverter,
  record: Payload,
): Promise<Uint8Array> {
  return PayloadMessage.encode(await encodeToPayload(converter, valueOf(record))).finish();
}

/**
 * Reads the payload in a record, and describes what it got, which must be of the kind that the
 * record names.
 */
export async function readValue(
  converter: LoadedDataConverter,
  record: Payload,
): Promise<Uint8Array> {
  const payload = PayloadMessage.decode(record.data ?? new Uint8Array());
  const value = await decodeFromPayloadsAtIndex<unknown>(converter, 0, [payload]);
  return described(value, textOf(record, 'kind'), textOf(record, 'type'));
}

function valueOf(record: Payload): unknown {
  const data = record.data ?? new Uint8Array();
  const text = Buffer.from(data).toString();
  switch (textOf(record, 'kind')) {
    case 'null':
      return undefined;
    case 'bytes':
      return new Uint8Array(data);
    case 'string':
      return text;
    case 'int':
    case 'uint':
      // JavaScript's numbers cannot hold all of them; a program then has a bigint.
      return String(Number(text)) === text ? Number(text) : BigInt(text);
    case 'message':
      return typeNamed(textOf(record, 'type')).decode(data);
    default:
      return JSON.parse(text);
  }
}

function described(value: unknown, kind: string, type: string): Uint8Array {
  switch (kind) {
    case 'null':
      if (value === undefined) return new Uint8Array();
      break;
    case 'bytes':
      if (value instanceof Uint8Array) return value;
      break;
    case 'string':
      if (typeof value === 'string') return Buffer.from(value);
      break;
    case 'message': {
      const named = typeNamed(type);
      if (value instanceof named.ctor) return named.encode(value).finish();
      break;
    }
    default:
      if (JSON_TYPES[kind] === typeof value) return Buffer.from(JSON.stringify(value));
  }
  throw new TypeError(`a ${kind} came as ${typeof value}`);
}

const JSON_TYPES: Record<string, string> = {
  bool: 'boolean',
  int: 'number',
  uint: 'number',
  float: 'number',
  integers: 'object',
  nested: 'object',
};
