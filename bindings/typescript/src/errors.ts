import type { Failure } from './native.js';

/** What a {@link TdcError} is made with. */
export interface TdcErrorDetails {
  /** See {@link TdcError.code}. */
  code: string;
  /** See {@link TdcError.number}. */
  number: number;
  /** See {@link TdcError.index}. */
  index?: number | undefined;
  /** See {@link TdcError.transient}. */
  transient?: boolean | undefined;
  /** What was thrown by a key provider, a key service or another function of yours. */
  cause?: unknown;
}

/**
 * An error of the library or of this package. No message contains plaintext or key bytes.
 *
 * @example
 * ```ts
 * if (error instanceof TdcError && error.code === 'TDC_ERR_AUTHENTICATION') …
 * ```
 */
export class TdcError extends Error {
  /** The stable name, such as `'TDC_ERR_AUTHENTICATION'`; `docs/ERRORS.md` has them all. */
  readonly code: string;
  /** The stable number of the code, the same in every language. */
  readonly number: number;
  /** Which payload of the call it is about, from 0; `undefined` if it is about none. */
  readonly index: number | undefined;
  /** Whether the same call can succeed later, for example once a missing key arrives. */
  readonly transient: boolean;
  /** The message alone, without code and index. */
  readonly sentence: string;

  /** Makes an error; programs only ever catch them. */
  constructor(message: string, { code, number, index, transient, cause }: TdcErrorDetails) {
    const where = index === undefined ? '' : ` in payload ${index}`;
    super(`${code} (${number})${where}: ${message}`, ...(cause === undefined ? [] : [{ cause }]));
    this.name = 'TdcError';
    this.sentence = message;
    this.code = code;
    this.number = number;
    this.index = index;
    this.transient = transient ?? false;
  }
}

/** The error of a failure of the library. */
export function libraryError({ message, index, ...details }: Failure, cause?: unknown): TdcError {
  return new TdcError(message, { ...details, index: index ?? undefined, cause });
}

/** The call is one that a closed `Tdc` cannot do. */
export function closedError(): TdcError {
  return new TdcError('this Tdc is closed', { code: 'TDC_ERR_ARGUMENT', number: 403 });
}
