// A key service of the program, and the requests to it.

import { isUint8Array } from 'node:util/types';
import { type Answer, answer, Kind, type Request } from './requests.js';
import { Semaphore } from './semaphore.js';
import { bytesField, fields, intField } from './wire.js';

/** A key of a key service, as the configuration names it. */
export interface KeyServiceKey {
  /** Such as `awskms://alias/orders?region=eu-central-1`. */
  readonly uri: string;
  /** Keys that an alias named earlier, which `unwrap` has to try as well. */
  readonly earlier: readonly string[];
  /** Milliseconds for one attempt; the signal is aborted after them. */
  readonly timeoutMs: number;
}

/**
 * Wraps and unwraps data keys with keys that never leave the service. It replaces the clients in
 * the library `libtdc_keys` for the entries of the configuration's ring that name a service.
 *
 * A {@link KeyServiceError} says whether the service refused, or the wrapped key does not belong to
 * this key. Anything else that is thrown, or no answer in time, means that the service could not be
 * reached. The call fails with `TDC_ERR_KEY_REFUSED`, with `TDC_ERR_CIPHERTEXT` or with
 * `TDC_ERR_KEY_SERVICE`, whose message repeats that of the error and whose `cause` is the error. A
 * refusal is cached for 30 seconds, an unavailable service for one.
 *
 * At most 16 calls run at the same time.
 */
export interface KeyService {
  /**
   * Encrypts a new data key of 32 bytes: a secret, overwritten when the promise is settled or the
   * timeout has passed.
   */
  wrap(key: KeyServiceKey, dataKey: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Decrypts a key that `wrap` returned, perhaps in another program and long ago; it may have been
   * tampered with. The returned bytes are overwritten and must not be used again.
   */
  unwrap(key: KeyServiceKey, wrapped: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/** What a {@link KeyServiceError} is made with. */
export interface KeyServiceErrorDetails {
  /** See {@link KeyServiceError.refused}. */
  readonly refused?: boolean | undefined;
  /** See {@link KeyServiceError.invalid}. */
  readonly invalid?: boolean | undefined;
  /** What the client of the service threw. */
  readonly cause?: unknown;
}

/** Why a {@link KeyService} did not wrap or unwrap a data key. */
export class KeyServiceError extends Error {
  /** Access is denied, or the key is disabled or destroyed. */
  readonly refused: boolean;
  /** The wrapped key was modified, or belongs to another key. */
  readonly invalid: boolean;

  /** Gives the reason in words, without a secret. */
  constructor(reason: string, { refused, invalid, cause }: KeyServiceErrorDetails = {}) {
    super(reason, ...(cause === undefined ? [] : [{ cause }]));
    this.name = 'KeyServiceError';
    this.refused = refused ?? false;
    this.invalid = invalid ?? false;
  }
}

/** The errors of key services in a call, by the code of the library's error. */
export type Causes = ReadonlyMap<string, unknown>;

/** More than a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Asks a {@link KeyService}. */
export class OwnKeyService {
  private readonly semaphore = new Semaphore(16);

  constructor(private readonly service: KeyService) {}

  /**
   * Answers a request; the reason for a failure also goes into `causes`. The timer keeps the
   * process alive if a caller waits for the answer.
   */
  answer(request: Request, causes: Map<string, unknown>, isAwaited: boolean): Promise<Answer> {
    return this.semaphore.run(async () => {
      const { key, given } = readKeyRequest(request.message);
      const controller = new AbortController();
      const { signal } = controller;
      const timer = setTimeout(
        () => {
          controller.abort(new KeyServiceError(`no answer in ${key.timeoutMs / 1000} s`));
        },
        Math.min(key.timeoutMs, LONGEST_TIMEOUT),
      );
      if (!isAwaited) timer.unref();
      try {
        return answer(request, request.kind, await this.ask(request.kind, key, given, signal));
      } catch (cause) {
        causes.set(codeOf(request.kind, cause), cause);
        return answer(request, Kind.keyServiceFailure, failureOf(cause));
      } finally {
        clearTimeout(timer);
        if (request.kind === Kind.wrap) given.fill(0);
      }
    });
  }

  private async ask(
    kind: number,
    key: KeyServiceKey,
    given: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const isWrap = kind === Kind.wrap;
    // Before the service listens too: its own error for an abort says less.
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
    const asked = (async (): Promise<unknown> =>
      isWrap ? this.service.wrap(key, given, signal) : this.service.unwrap(key, given, signal))();
    signal.addEventListener('abort', () => {
      if (!isWrap) asked.then(erase, () => undefined);
    });
    const value = await Promise.race([asked, late]);
    if (isUint8Array(value)) return value;
    throw new KeyServiceError('the key service gave something else than a Uint8Array');
  }
}

/** Overwrites the data keys of answers. Keys of a key provider are its own. */
export function eraseDataKeys(answers: readonly Answer[]): void {
  for (const { kind, value } of answers) if (kind === Kind.unwrap) value.fill(0);
}

function erase(value: unknown): void {
  if (isUint8Array(value)) value.fill(0);
}

/** Reads a `Wrap` or an `Unwrap`, which have the same form: whose key, and a copy of the key. */
function readKeyRequest(message: Buffer): { key: KeyServiceKey; given: Uint8Array } {
  const parts = new Map(fields(message));
  const key = { uri: '', earlier: [] as string[], timeoutMs: 0 };
  for (const [number, value] of fields(parts.get(1) as Buffer)) {
    if (typeof value === 'number') key.timeoutMs = value;
    else if (number === 1) key.uri = value.toString();
    else key.earlier.push(value.toString());
  }
  // Not a view of the message, which has other keys, and not in the pool of small Buffers.
  return { key, given: new Uint8Array(parts.get(2) as Buffer) };
}

/** A `KeyServiceFailure`. */
function failureOf(cause: unknown): Buffer {
  const { refused, invalid } = cause instanceof KeyServiceError ? cause : {};
  return Buffer.concat([
    intField(1, refused ? 1 : 0),
    intField(2, invalid ? 1 : 0),
    bytesField(3, Buffer.from(wordsOf(cause))),
  ]);
}

/** What was thrown may be anything. */
function wordsOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause);
  } catch {
    return 'the key service failed';
  }
}

/** The code with which the library reports a failure. */
function codeOf(kind: number, cause: unknown): string {
  const { refused, invalid } = cause instanceof KeyServiceError ? cause : {};
  if (invalid) return kind === Kind.unwrap ? 'TDC_ERR_CIPHERTEXT' : 'TDC_ERR_KEY_SERVICE';
  return refused ? 'TDC_ERR_KEY_REFUSED' : 'TDC_ERR_KEY_SERVICE';
}
