// JSON of protobuf messages as the SDK's protobufjs has it, and histories as its replayer reads
// them.

import type { Payload } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import { describeWellKnown, textOf } from './messages.js';
import 'protobufjs/ext/descriptor.js';
import { fromJsonString, toJsonString } from 'protobufjs/ext/protojson.js';
import { Root, type Type } from 'protobufjs/light.js';

const { History } = temporal.api.history.v1;

/** Prints the message in a record. */
export function writeJson(record: Payload): Uint8Array {
  const type = typeIn(record);
  return Buffer.from(toJsonString(type, type.decode(dataOf(record))));
}

/** Parses the JSON in a record. */
export function readJson(record: Payload): Uint8Array {
  const type = typeIn(record);
  return type.encode(fromJsonString(type, textIn(record))).finish();
}

/** Reads the history in a record. */
export function readHistory(record: Payload): Uint8Array {
  return History.encode(historyFromJSON(JSON.parse(textIn(record)))).finish();
}

const roots = new Map<string, Root>();

/** The type that a record names, of the file that it brings. */
function typeIn(record: Payload): Type {
  const file = Buffer.from(record.metadata?.['file'] ?? []);
  const key = file.toString('latin1');
  let root = roots.get(key);
  if (root === undefined) {
    // A message that follows another is merged into it: the list has one file more.
    const wrapper = Buffer.concat([Buffer.from([0x0a]), varint(file.length), file]);
    root = Root.fromDescriptor(Buffer.concat([describeWellKnown(), wrapper]));
    roots.set(key, root);
  }
  return root.lookupType(textOf(record, 'type'));
}

function varint(number: number): Buffer {
  const bytes = [];
  for (; number > 0x7f; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}

function dataOf({ data }: Payload): Uint8Array {
  return data ?? new Uint8Array();
}

function textIn(record: Payload): string {
  return Buffer.from(dataOf(record)).toString();
}
