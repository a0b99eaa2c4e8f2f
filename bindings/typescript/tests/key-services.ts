// What tests of key services share.

import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Payload } from '@temporalio/common';
import { type KeyService, KeyServiceError, type KeyServiceKey, parse } from 'temporal-tdc';
import { KEY } from './support.js';

export const URI = 'test://orders';

/** A configuration whose data keys a service wraps. Options begin with a comma. */
export function serviceConfig(options = '', uri = URI): string {
  return `version: 1
keys: { primary: orders, ring: { orders: { service: ${JSON.stringify(uri)}${options} } } }
codecs: [encrypt]
`;
}

export function payload(data: string | Uint8Array): Payload {
  return { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from(data) };
}

/**
 * How many messages a data key encrypts, and a list that nearly reaches the 7/8 of them at which
 * the next key is requested. The 800 others are more than a test needs on a busy machine: a call
 * that found none left would wrap a key itself.
 */
export const MESSAGES = 6400;
export const UNTIL_RENEWAL = Array.from({ length: 5598 }, () => payload('1'));

export function text(from: Payload | undefined, name: string): string {
  return Buffer.from(from?.metadata?.[name] ?? []).toString();
}

/** The wrapped data key of a payload. */
export function dataKeyOf(from: Payload | undefined): string {
  return text(from, 'encryption-dek');
}

export function isEnvelope(from: Payload | undefined, uri = URI): void {
  assert.deepEqual(Object.keys(from?.metadata ?? {}).sort(), [
    'encoding',
    'encryption-dek',
    'encryption-key-id',
  ]);
  assert.equal(text(from, 'encoding'), 'binary/encrypted');
  assert.equal(text(from, 'encryption-key-id'), uri);
  assert.notEqual(dataKeyOf(from), '');
}

export function dataOf(payloads: Payload[]): string[] {
  return payloads.map(({ data }) => Buffer.from(data ?? []).toString('latin1'));
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(plain: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws where `sealed` was changed. */
export function unseal(sealed: Uint8Array): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', KEY, sealed.subarray(0, 12));
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
}

/**
 * A key service with one key, which counts, and can be told to fail, to take its time, and to give
 * long keys.
 */
export class Service implements KeyService {
  wraps = 0;
  unwraps = 0;
  most = 0;
  takes = 0;
  padding = 0;
  fails: unknown = undefined;
  before: (wraps: number) => Promise<void> = () => Promise.resolve();
  readonly keys: KeyServiceKey[] = [];
  readonly signals: AbortSignal[] = [];
  /** Memory with data keys in it. */
  readonly secrets: Uint8Array[] = [];
  private now = 0;

  async wrap(key: KeyServiceKey, dataKey: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.wraps++;
    this.secrets.push(dataKey);
    const wrapped = seal(dataKey);
    await this.asked(key, signal);
    await this.before(this.wraps);
    return Buffer.concat([wrapped, Buffer.alloc(this.padding)]);
  }

  async unwrap(key: KeyServiceKey, wrapped: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.unwraps++;
    await this.asked(key, signal);
    try {
      const dataKey = unseal(wrapped.subarray(0, 60));
      this.secrets.push(dataKey);
      return dataKey;
    } catch {
      throw new KeyServiceError('not mine', { invalid: true });
    }
  }

  private async asked(key: KeyServiceKey, signal: AbortSignal): Promise<void> {
    this.keys.push(key);
    this.signals.push(signal);
    this.most = Math.max(this.most, ++this.now);
    await sleep(this.takes);
    this.now--;
    if (this.fails !== undefined) throw this.fails;
  }
}

/** Payloads, each under a data key of its own. */
export async function envelopes(
  count: number,
  service: KeyService = new Service(),
): Promise<Payload[]> {
  const lists = Array.from({ length: count }, (_, at) =>
    parse(serviceConfig(), '', { keyService: service }).payloadCodec.encode([payload(String(at))]),
  );
  return (await Promise.all(lists)).flat();
}

/** Waits until something is so. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await is())) {
    assert.ok(Date.now() < deadline, 'it takes too long');
    await sleep(5);
  }
}
