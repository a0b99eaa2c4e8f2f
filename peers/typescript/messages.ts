// The messages of Temporal's API as this SDK has them: their types, their descriptors, and the
// SDK's own visitor.

import type { Payload } from '@temporalio/common';
import * as visitor from '@temporalio/common/lib/internal-non-workflow';
import { FileDescriptorSet } from 'protobufjs/ext/descriptor.js';
import { Enum, Namespace, type ReflectionObject, type Root, Type } from 'protobufjs/light.js';

/** All that the SDK's messages are made of; its types say less of it. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const root = require('@temporalio/proto/protos/json-module.js') as Root;

/** Put behind what the SDK's visitor came to: twice where it came twice. */
const VISITED = Buffer.from('!');

const API = 'temporal.api.';
const WELL_KNOWN = [
  ...['Any', 'Duration', 'Empty', 'FieldMask', 'ListValue', 'Struct', 'Timestamp', 'Value'],
  ...['BoolValue', 'BytesValue', 'DoubleValue', 'FloatValue', 'Int32Value', 'Int64Value'],
  ...['StringValue', 'UInt32Value', 'UInt64Value'],
];

type Walk = Parameters<typeof visitor.visit<object>>[1];
type Environment = Parameters<Walk>[1];

/** A metadata value of a record as text. */
export function textOf({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString();
}

/** A message type by its full name. */
export function typeNamed(name: string): Type {
  return root.lookupType(name);
}

/** The message in a record after the SDK's visitor marked every payload that it came to. */
export async function visit(record: Payload): Promise<Uint8Array> {
  const name = textOf(record, 'type');
  const type = typeNamed(name);
  const message = type.decode(record.data ?? new Uint8Array());
  walkers ??= findWalkers();
  const walk = walkers.get(name);
  // The words of Python's visitor, which takes some types, too.
  if (walk === undefined) throw new Error(`Unknown root message type: ${name}`);
  await visitor.visit(message, walk, {
    transformPayload: (payload) => Promise.resolve(marked(payload)),
    transformPayloads: (payloads) => Promise.resolve(payloads.map(marked)),
    skipSearchAttributes: true,
  });
  return type.encode(message).finish();
}

function marked(payload: Payload): Payload {
  return { ...payload, data: Buffer.concat([payload.data ?? new Uint8Array(), VISITED]) };
}

let walkers: ReadonlyMap<string, Walk> | undefined;

/**
 * The SDK has one function for each type that its visitor takes; on an empty message each tells the
 * name of its type.
 */
function findWalkers(): ReadonlyMap<string, Walk> {
  const found = new Map<string, Walk>();
  for (const [name, walk] of Object.entries(visitor)) {
    if (!name.startsWith('walk')) continue;
    const deriveContext = (_: object, type: string): void => {
      found.set(type, walk as Walk);
    };
    void (walk as Walk)({}, { deriveContext } as Environment);
  }
  return found;
}

/** The descriptors of the API that this SDK was built with, a FileDescriptorSet. */
export function describe(): Uint8Array {
  const api = outermostOf(root).filter((type) => packageOf(type).startsWith(API));
  return filesOf([...api, ...wellKnown()]);
}

/** The descriptors of the well-known types, a FileDescriptorSet. */
export function describeWellKnown(): Uint8Array {
  return filesOf(wellKnown());
}

function wellKnown(): ReflectionObject[] {
  return WELL_KNOWN.map((name) => typeNamed(`google.protobuf.${name}`));
}

/**
 * Descriptors of these types and of all that they use, a FileDescriptorSet: a file for each
 * package, after those that it imports, because protobufjs does not keep the file that a type came
 * from.
 */
function filesOf(types: ReflectionObject[]): Uint8Array {
  root.resolveAll();
  const packages = new Map<string, Set<ReflectionObject>>();
  for (const type of withAllUsed(types)) {
    const name = packageOf(type);
    packages.set(name, (packages.get(name) ?? new Set()).add(type));
  }
  const file: object[] = [];
  const placed = new Set<string>();
  const place = (name: string): void => {
    if (placed.has(name)) return;
    placed.add(name);
    const own = [...(packages.get(name) ?? [])];
    const imports = new Set(own.flatMap(usedBy).map(packageOf));
    imports.delete(name);
    imports.forEach(place);
    file.push({
      name: fileName(name),
      package: name,
      dependency: [...imports].map(fileName),
      messageType: own
        .filter((type) => type instanceof Type)
        .map((type) => type.toDescriptor('proto3')),
      enumType: own.filter((type) => type instanceof Enum).map((type) => type.toDescriptor()),
      syntax: 'proto3',
    });
  };
  [...packages.keys()].forEach(place);
  return FileDescriptorSet.encode({ file }).finish();
}

function withAllUsed(types: ReflectionObject[]): Set<ReflectionObject> {
  const all = new Set(types);
  // A set is iterated to its end, what is added on the way included.
  for (const type of all) for (const used of usedBy(type)) all.add(used);
  return all;
}

/** The outermost messages and enums that the fields of one name, of those inside of it as well. */
function usedBy(type: ReflectionObject): ReflectionObject[] {
  if (!(type instanceof Type)) return [];
  const used = type.fieldsArray
    // Extensions are fields whose names begin with a dot.
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((field) => field.resolve().resolvedType ?? [])
    .map(outermost);
  return [...used, ...type.nestedArray.flatMap(usedBy)];
}

/** The messages and enums of packages, without those inside of messages. */
function outermostOf(within: ReflectionObject): ReflectionObject[] {
  if (within instanceof Type || within instanceof Enum) return [within];
  return within instanceof Namespace ? within.nestedArray.flatMap(outermostOf) : [];
}

function outermost(named: ReflectionObject): ReflectionObject {
  return named.parent instanceof Type ? outermost(named.parent) : named;
}

function packageOf({ parent }: ReflectionObject): string {
  return parent?.fullName.slice(1) ?? '';
}

function fileName(packageName: string): string {
  return `${packageName.replaceAll('.', '/')}.proto`;
}
