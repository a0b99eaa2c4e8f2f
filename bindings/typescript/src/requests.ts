// What a call asks of the host: the messages of proto/tdc/host.proto.

import { bytesField, fields, intField } from './wire.js';

/** The kinds of requests, which most answers share their numbers with. */
export const Kind = {
  key: 2,
  reload: 3,
  descriptor: 4,
  http: 5,
  /** Only in answers: the host has no such key or type. */
  unknown: 9,
} as const;

/** One thing that the library asks for. */
export interface Request {
  readonly id: number;
  readonly kind: number;
  readonly message: Buffer;
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

/** An answer, as a part of `Answers`. */
export function answer({ id }: Request, kind: number, value: Uint8Array = Buffer.alloc(0)): Buffer {
  return bytesField(1, Buffer.concat([intField(1, id), bytesField(kind, value)]));
}
