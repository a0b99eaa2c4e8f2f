// A call's requests to the host, and the answers: the messages of proto/tdc/host.proto.

import { fields, varintSize, writeBytes, writeVarint } from './wire.js';

/** The kinds of requests, which most answers share their numbers with. */
export const Kind = {
  key: 2,
  reload: 3,
  descriptor: 4,
  http: 5,
  wrap: 6,
  unwrap: 7,
  /** Only in answers: a key service did not wrap or unwrap. */
  keyServiceFailure: 8,
  /** Only in answers: the host has no such key, type or store. */
  unknown: 9,
  /** Only in answers to {@link OBJECT}. */
  objectFailure: 11,
  /** Only in answers to {@link OBJECT}: the payload that a storage driver gave. */
  retrieved: 12,
} as const;

/** A request for a stored object; as an answer, this number is `Kind.keyServiceFailure`. */
export const OBJECT = 8;

/** One thing that the library asks for. */
export interface Request {
  readonly id: number;
  readonly kind: number;
  readonly message: Buffer;
}

/** An answer to a request. */
export interface Answer {
  readonly id: number;
  readonly kind: number;
  readonly value: Uint8Array;
}

/** The requests of a `Requests`. */
export function readRequests(requests: Buffer): Request[] {
  return [...fields(requests)].map(([, request]) => {
    const read: { -readonly [K in keyof Request]: Request[K] } = {
      id: 0,
      kind: 0,
      message: Buffer.alloc(0),
    };
    for (const [number, value] of fields(request as Buffer)) {
      if (typeof value === 'number') read.id = value;
      else [read.kind, read.message] = [number, value];
    }
    return read;
  });
}

/** The id of a key, or the full name of a message type. */
export function textOf({ message }: Request): string {
  for (const [, text] of fields(message)) return text.toString();
  return '';
}

/** An answer to a request. */
export function answer({ id }: Request, kind: number, value: Uint8Array = Buffer.alloc(0)): Answer {
  return { id, kind, value };
}

/**
 * An `Answers`. It contains keys, so it is built in a single allocation: `fill` then leaves no
 * other copy.
 */
export function writeAnswers(answers: readonly Answer[]): Buffer {
  const message = Buffer.alloc(
    answers.reduce((size, each) => size + 1 + varintSize(sizeOf(each)) + sizeOf(each), 0),
  );
  let position = 0;
  for (const each of answers) {
    position = writeVarint(message, position, 8 * 1 + 2);
    position = writeVarint(message, position, sizeOf(each));
    position = writeVarint(message, position, 8 * 1);
    position = writeVarint(message, position, each.id);
    position = writeBytes(message, position, each.kind, each.value);
  }
  return message;
}

/** The size of an `Answer`: the numbers of its fields fit into one byte each. */
function sizeOf({ id, value }: Answer): number {
  return 1 + varintSize(id) + 1 + varintSize(value.length) + value.length;
}
