// The fast path: payloads that need nothing from the host, one after another on the main thread,
// nearly without copies.

import { isSharedArrayBuffer } from 'node:util/types';
import { markAsUntransferable } from 'node:worker_threads';
import type { Payload } from '@temporalio/common';
import type { Host } from './host.js';
import { type Handle, LEFT, OWNED, UNCHANGED } from './native.js';
import { decodePayload, writeHead } from './payloads.js';
import { Reader } from './wire.js';

/**
 * Lists of more bytes go to libuv's threads where the configuration compresses. Where it only
 * encrypts, none does. What the main thread computes for one payload, here and by libuv's threads
 * (CPU time in µs, the best of nine, on a machine without VAES that did other work):
 *
 *                        64 KiB        256 KiB         1 MiB
 *     encrypt, encode    32 / 161      54 / 305     490 / 881
 *     encrypt, decode    42 / 150      56 / 266     469 / 760
 *     zstd, encode      214 / 327     680 / 378    3494 / 780
 *     zlib, encode      576 / 277    2593 / 421    9297 / 711
 *
 * Other threads need a copy of the payload, because a caller may change it meanwhile, and give
 * their result in memory that the garbage collector has to free: for encryption that is more work
 * than AES-GCM itself, at any size. (No message to or from a Temporal server is longer than 4 MiB.)
 */
const COMPRESSED = 64 * 1024;

/**
 * Up to this many bytes, a payload's `data` is copied along with the rest: that costs less than
 * passing it separately.
 */
const COPIED = 2 * 1024;

/** The room in bytes for the context and the part of a payload that is not `data`. */
const HEAD = 4 * 1024;

/** More than a chain adds to a payload; what needs still more goes the other way. */
const ROOM = 2 * 1024;

/**
 * Results share memory, as small Buffers do in Node.js: one allocation for many payloads. A payload
 * that is kept for long keeps so much with it.
 */
const SLAB = 64 * 1024;

/** Results of payloads above this have memory of their own. */
const SHARED = SLAB / 4;

/** Converts lists for one open configuration. */
export class Quick {
  private readonly input = Buffer.allocUnsafeSlow(HEAD + COPIED);
  private slab = Buffer.alloc(0);
  private results = new Reader(this.slab);
  private used = 0;

  private readonly handle: Handle;

  constructor(private readonly host: Host) {
    this.handle = host.handle;
    this.handle.lend(this.input);
  }

  /**
   * The list, encoded or decoded; `undefined` where a call has to do it, or to say what is wrong.
   */
  convert(encode: boolean, payloads: readonly Payload[], context: Buffer): Payload[] | undefined {
    if (context.length > HEAD || this.isLong(payloads)) return undefined;
    if (context.length > 0) this.input.set(context, 0);
    const converted: Payload[] = [];
    for (const payload of payloads) {
      const isFirst = converted.length === 0;
      const one = this.one(encode, isFirst, payload, context.length);
      if (one === undefined) return undefined;
      converted.push(one);
    }
    return converted;
  }

  private isLong(payloads: readonly Payload[]): boolean {
    let size = 0;
    for (const { data } of payloads) size += data ? data.length : 0;
    return size > COMPRESSED && !this.handle.onlyEncrypts;
  }

  private one(
    encode: boolean,
    isFirst: boolean,
    payload: Payload,
    context: number,
  ): Payload | undefined {
    const end = writeHead(this.input, context, HEAD, payload);
    if (end < 0) return undefined;
    const { data } = payload;
    const length = data ? data.length : 0;
    if (length > SHARED)
      return this.large(encode, isFirst, payload, data as Uint8Array, context, end);
    this.reserve(end - context + length + ROOM);
    const { handle, slab, used } = this;
    let result: number;
    if (length <= COPIED) {
      if (length > 0) this.input.set(data as Uint8Array, end);
      result = handle.quick(encode, isFirst, context, end - context + length, slab, used);
    } else {
      if (!isPrivate(data)) return undefined;
      const out = slab.subarray(used);
      result = handle.quickWith(encode, isFirst, context, end - context, data, out);
    }
    if (result < 0) return this.other(result, payload);
    this.used = used + this.lengthOf(result);
    return decodePayload(this.results, used, this.used);
  }

  /**
   * The length of a result. A data key that should be renewed is a request that is left when the
   * payload is done.
   */
  private lengthOf(result: number): number {
    if (result < LEFT) return result;
    this.host.answerWhatIsLeft(this.handle.takeLeft());
    return result - LEFT;
  }

  /** One payload whose result has memory of its own. */
  private large(
    encode: boolean,
    isFirst: boolean,
    payload: Payload,
    data: Uint8Array,
    context: number,
    end: number,
  ): Payload | undefined {
    if (!isPrivate(data)) return undefined;
    const out = Buffer.allocUnsafeSlow(end - context + data.length + ROOM);
    const result = this.handle.quickWith(encode, isFirst, context, end - context, data, out);
    if (result < 0) return this.other(result, payload);
    return decodePayload(new Reader(out), 0, this.lengthOf(result));
  }

  private other(result: number, payload: Payload): Payload | undefined {
    if (result === UNCHANGED) return payload;
    if (result !== OWNED) return undefined;
    const owned = this.handle.owned();
    return decodePayload(new Reader(owned), 0, owned.length);
  }

  /** Memory that a caller detached has no length. */
  private reserve(size: number): void {
    if (this.slab.length - this.used >= size) return;
    this.slab = Buffer.allocUnsafeSlow(SLAB);
    this.results = new Reader(this.slab);
    // Transferring one payload to another thread would take all of them with it.
    markAsUntransferable(this.slab.buffer);
    this.used = 0;
  }
}

/** Whether no other thread can write to it during the call. */
function isPrivate(data: unknown): data is Uint8Array {
  return data instanceof Uint8Array && !isSharedArrayBuffer(data.buffer);
}
