// The sample's codec made as fast as Node.js allows without an addon.
//
// What helps: `node:crypto`'s ciphers, which stay on the main thread (Web Crypto goes to libuv's
// pool for 64 bytes as well); a prepared key; nonces drawn 256 at a time; payloads written and read
// by hand, their bytes as views.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';

const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_SIZE };

/**
 * Up to here `data` is copied next to the rest; from here up a second call of the cipher costs
 * less.
 */
const COPIED = 4096;

const METADATA = 0x0a;
const DATA = 0x12;
const KEY = 0x0a;
const VALUE = 0x12;

/** The same bytes as `SampleCodec`, with less work. */
export class TunedCodec implements PayloadCodec {
  private readonly key: KeyObject;
  private readonly keyId: Buffer;
  private readonly encoding = Buffer.from('binary/encrypted');
  private readonly nonces = Buffer.allocUnsafeSlow(256 * NONCE_SIZE);
  private nextNonce = this.nonces.length;
  private readonly scratch = Buffer.allocUnsafeSlow(COPIED + 64 * 1024);

  constructor(keyId: string, key: Uint8Array) {
    this.key = createSecretKey(key);
    this.keyId = Buffer.from(keyId);
  }

  /** Encrypts every payload. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the SDK's interface
  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.encrypted(payload));
  }

  /** Decrypts what is encrypted and leaves the rest alone. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the SDK's interface
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.decrypted(payload));
  }

  private encrypted(payload: Payload): Payload {
    const nonce = this.nonce();
    const cipher = createCipheriv(CIPHER, this.key, nonce, OPTIONS);
    const { data } = payload;
    let length = this.writeHead(payload);
    let tail: Uint8Array | undefined;
    if (data && data.length <= COPIED) {
      this.scratch.set(data, length);
      length += data.length;
    } else if (data) tail = data;
    const first = cipher.update(this.scratch.subarray(0, length));
    const second = tail && cipher.update(tail);
    cipher.final();
    const size = NONCE_SIZE + length + (tail?.length ?? 0) + TAG_SIZE;
    const sealed = Buffer.allocUnsafe(size);
    sealed.set(nonce, 0);
    sealed.set(first, NONCE_SIZE);
    if (second) sealed.set(second, NONCE_SIZE + length);
    sealed.set(cipher.getAuthTag(), size - TAG_SIZE);
    return {
      metadata: { encoding: this.encoding, 'encryption-key-id': this.keyId },
      data: sealed,
    };
  }

  private decrypted(payload: Payload): Payload {
    const { metadata, data } = payload;
    if (!data || !isEqual(metadata?.['encoding'], this.encoding)) return payload;
    if (!isEqual(metadata?.['encryption-key-id'], this.keyId)) {
      throw new Error('the payload was encrypted with another key');
    }
    const nonce = data.subarray(0, NONCE_SIZE);
    const decipher = createDecipheriv(CIPHER, this.key, nonce, OPTIONS);
    const end = data.length - TAG_SIZE;
    decipher.setAuthTag(data.subarray(end));
    const plaintext = decipher.update(data.subarray(NONCE_SIZE, end));
    decipher.final();
    return read(plaintext);
  }

  private nonce(): Buffer {
    if (this.nextNonce === this.nonces.length) {
      randomFillSync(this.nonces);
      this.nextNonce = 0;
    }
    const begin = this.nextNonce;
    this.nextNonce += NONCE_SIZE;
    return this.nonces.subarray(begin, this.nextNonce);
  }

  /** Everything but the bytes of `data`; gives the length. */
  private writeHead({ metadata, data }: Payload): number {
    const out = this.scratch;
    let at = 0;
    for (const key in metadata) {
      const value = metadata[key] as Uint8Array;
      const size =
        2 + varintSize(key.length) + key.length + varintSize(value.length) + value.length;
      out[at++] = METADATA;
      at = writeVarint(out, at, size);
      out[at++] = KEY;
      at = writeVarint(out, at, key.length);
      at += out.write(key, at, 'latin1');
      out[at++] = VALUE;
      at = writeVarint(out, at, value.length);
      out.set(value, at);
      at += value.length;
    }
    if (data && data.length > 0) {
      out[at++] = DATA;
      at = writeVarint(out, at, data.length);
    }
    return at;
  }
}

/** Reads a payload of metadata and data; its bytes are views. */
function read(message: Buffer): Payload {
  const metadata: Record<string, Uint8Array> = {};
  let data: Uint8Array = message.subarray(0, 0);
  let at = 0;
  const length = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (): Buffer => {
    const size = length();
    at += size;
    return message.subarray(at - size, at);
  };
  while (at < message.length) {
    const tag = message[at++];
    if (tag === DATA) data = bytes();
    else if (tag === METADATA) {
      length();
      at++;
      const size = length();
      const key = message.toString('latin1', at, at + size);
      at += size + 1;
      metadata[key] = bytes();
    } else bytes();
  }
  return { metadata, data };
}

function isEqual(bytes: Uint8Array | null | undefined, expected: Buffer): boolean {
  return !!bytes && expected.equals(bytes);
}

function varintSize(value: number): number {
  let size = 1;
  for (; value > 0x7f; value >>>= 7) size++;
  return size;
}

function writeVarint(out: Buffer, at: number, value: number): number {
  for (; value > 0x7f; value >>>= 7) out[at++] = (value & 0x7f) | 0x80;
  out[at++] = value;
  return at;
}
