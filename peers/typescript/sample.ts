// The encryption codec as the official samples describe it, by the Web Crypto API as the TypeScript
// sample uses it. The peer in the conformance matrix and in the benchmark: it shares no code with
// tdc.

import { webcrypto } from 'node:crypto';
import { type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

const PayloadMessage = temporal.api.common.v1.Payload;
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const NONCE_SIZE = 12;

/** AES-256-GCM over whole payloads; the key is imported once, as in the TypeScript sample. */
export class SampleCodec implements PayloadCodec {
  readonly #key: Promise<webcrypto.CryptoKey>;

  constructor(
    private readonly keyId: string,
    key: Uint8Array,
  ) {
    const uses: webcrypto.KeyUsage[] = ['encrypt', 'decrypt'];
    this.#key = webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, uses);
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(
      payloads.map(async (payload) => ({
        metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(this.keyId) },
        data: await this.encrypt(PayloadMessage.encode(payload).finish()),
      })),
    );
  }

  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(
      payloads.map(async (payload) => {
        if (textOf(payload, 'encoding') !== ENCODING) return payload;
        const keyId = textOf(payload, KEY_ID);
        if (keyId !== this.keyId) throw new ValueError(`no key with the id ${keyId}`);
        return PayloadMessage.decode(await this.decrypt(payload.data ?? new Uint8Array()));
      }),
    );
  }

  private async encrypt(plaintext: Uint8Array): Promise<Uint8Array> {
    const iv = webcrypto.getRandomValues(new Uint8Array(NONCE_SIZE));
    const algorithm = { name: 'AES-GCM', iv };
    const sealed = await webcrypto.subtle.encrypt(algorithm, await this.#key, plaintext);
    return Buffer.concat([iv, new Uint8Array(sealed)]);
  }

  private async decrypt(data: Uint8Array): Promise<Uint8Array> {
    const algorithm = { name: 'AES-GCM', iv: data.subarray(0, NONCE_SIZE) };
    const sealed = data.subarray(NONCE_SIZE);
    return new Uint8Array(await webcrypto.subtle.decrypt(algorithm, await this.#key, sealed));
  }
}

function textOf({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString();
}
