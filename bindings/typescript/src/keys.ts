// The keys that the host provides.

import { TdcError } from './errors.js';
import { type Answer, answer, Kind, type Request, textOf } from './requests.js';

/**
 * Returns the 32 bytes of the key with this id, or `undefined` (or `null`) if there is no such key;
 * that answer is cached for 30 seconds. If it throws or rejects, the call fails with
 * `TDC_ERR_KEY_PROVIDER`, which is transient.
 */
export type KeyProvider = (
  id: string,
) => Promise<Uint8Array | null | undefined> | Uint8Array | null | undefined;

/** Answers requests for keys; without a provider there are none. */
export class Keys {
  private readonly asking = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(private readonly provider: KeyProvider | undefined) {}

  async answer(request: Request): Promise<Answer> {
    const key = await this.askOnce(textOf(request));
    return key === undefined ? answer(request, Kind.unknown) : answer(request, Kind.key, key);
  }

  /** One question at a time for each key, so that a burst of calls does not flood the provider. */
  private askOnce(id: string): Promise<Uint8Array | undefined> {
    let asked = this.asking.get(id);
    if (asked === undefined) {
      asked = this.ask(id).finally(() => this.asking.delete(id));
      this.asking.set(id, asked);
    }
    return asked;
  }

  private async ask(id: string): Promise<Uint8Array | undefined> {
    if (this.provider === undefined) return undefined;
    let key: unknown;
    try {
      key = await this.provider(id);
    } catch (cause) {
      throw failed(`the key provider failed for the key ${id}`, cause);
    }
    if (key === undefined || key === null) return undefined;
    if (key instanceof Uint8Array) return key;
    throw failed(`the key provider gave something else than a Uint8Array for the key ${id}`);
  }
}

function failed(message: string, cause?: unknown): TdcError {
  return new TdcError(message, {
    code: 'TDC_ERR_KEY_PROVIDER',
    number: 203,
    transient: true,
    cause,
  });
}
