import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { Codec } from './codec.js';
import { type Context, encodeContext } from './context.js';
import { libraryError } from './errors.js';
import { Host } from './host.js';
import type { KeyService } from './key-service.js';
import type { KeyProvider } from './keys.js';
import { addon, type Failure, type Handle } from './native.js';
import type { RemoteHeaders } from './remote.js';
import type { StorageDriverLike } from './storage-driver.js';

/** Options of {@link open} and {@link parse}. */
export interface Options {
  /**
   * The Temporal namespace, for configurations with `namespaces`. One that the SDK passes with a
   * call takes precedence over it.
   */
  readonly namespace?: string | undefined;
  /** Gives keys by their id, for configurations with `keys: { host: true }`. */
  readonly keyProvider?: KeyProvider | undefined;
  /**
   * Wraps and unwraps data keys, for configurations with keys of key services, in place of the
   * library `libtdc_keys`.
   */
  readonly keyService?: KeyService | undefined;
  /**
   * Gives headers for each request to a codec server, for configurations with the codec `remote`.
   */
  readonly remoteHeaders?: RemoteHeaders | undefined;
}

/** Options of calls on whole messages. */
export interface MessageOptions {
  /** The context of the payloads, for configurations with `namespaces`. */
  readonly context?: Context | undefined;
  /**
   * Encode: headers too. Decode: refuse plain headers where the configuration says `required`;
   * encoded ones are opened in any case. Search attributes are never touched.
   */
  readonly headers?: boolean | undefined;
  /**
   * Decode: drivers of external storage, the SDK's `StorageDriver`s. The payloads that they
   * retrieve take the places of the references with their names, whichever SDK stored them. The
   * configuration's `storage` says what may be followed. Without drivers references stay.
   */
  readonly storageDrivers?: readonly StorageDriverLike[] | undefined;
}

/**
 * A class of protobufjs for a message, such as `temporal.api.history.v1.History` of
 * `@temporalio/proto`.
 */
export interface MessageClass<T, I = T> {
  encode(message: I): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/**
 * An open configuration. Any number of clients and workers may share one; it never changes the
 * payloads that are passed in. Created by {@link open} and {@link parse}.
 */
export class Tdc {
  /**
   * The configuration's codecs as one codec of the SDK, to use before or after codecs of your own.
   */
  readonly payloadCodec: PayloadCodec;
  readonly #host: Host;

  /** @internal */
  constructor(handle: Handle, options: Options) {
    this.#host = new Host(handle, options);
    this.payloadCodec = new Codec(this.#host);
  }

  /**
   * The data converter, for the options of `Client` and `Worker`: {@link Tdc.payloadCodec}, and a
   * failure converter that hides message and stack trace if the configuration says so. If you build
   * workflow bundles yourself, pass its `failureConverterPath` to them.
   */
  get dataConverter(): DataConverter {
    const payloadCodecs = [this.payloadCodec];
    if (!this.#host.handle.encodesCommonAttributes) return { payloadCodecs };
    return { payloadCodecs, failureConverterPath: require.resolve('./failure-converter.js') };
  }

  /**
   * Encodes every payload and failure inside a message of Temporal's API, which is not changed.
   * `messageType` is its full name, such as `'temporal.api.history.v1.History'`.
   *
   * @throws {@link TdcError} A payload cannot be encoded, or the type is not one of Temporal's.
   */
  encodeMessage<T, I>(
    messageType: string,
    type: MessageClass<T, I>,
    message: I,
    options: MessageOptions = {},
  ): Promise<T> {
    return this.#message('encodeMessage', messageType, type, message, options);
  }

  /**
   * Decodes every payload and failure inside a message of Temporal's API, which is not changed.
   * `messageType` is its full name, such as `'temporal.api.history.v1.History'`.
   *
   * @throws {@link TdcError} A payload cannot be decoded or retrieved, or the type is not one of
   * Temporal's.
   */
  decodeMessage<T, I>(
    messageType: string,
    type: MessageClass<T, I>,
    message: I,
    options: MessageOptions = {},
  ): Promise<T> {
    return this.#message('decodeMessage', messageType, type, message, options);
  }

  /**
   * Decodes an exported history, in the form it has: JSON as `temporal workflow show --output json`
   * and the Web UI's download give it, or an export of `temporal.api.export.v1`, JSON or binary.
   *
   * @throws {@link TdcError} It is not a history, or a payload cannot be decoded or retrieved.
   */
  async decodeHistory(
    history: Uint8Array | string,
    { context, storageDrivers = [] }: MessageOptions = {},
  ): Promise<Buffer> {
    // A copy: the caller may change the bytes while a thread reads them.
    const input = Buffer.from(history as Uint8Array);
    const operation = 'decodeHistory';
    return this.#host.run({ operation, context: encodeContext(context), input, storageDrivers });
  }

  /**
   * Reads the configuration and its key files again. Calls in flight keep the configuration they
   * started with.
   *
   * @throws {@link TdcError} The files are not usable; everything stays as it was.
   */
  reload(): void {
    this.#host.reload();
  }

  /**
   * Refuses further calls, and frees the keys with the last call in flight. Closing again does
   * nothing.
   */
  close(): void {
    this.#host.close();
  }

  /** Whether {@link Tdc.close} was called. */
  get closed(): boolean {
    return this.#host.closed;
  }

  async #message<T, I>(
    operation: 'encodeMessage' | 'decodeMessage',
    messageType: string,
    type: MessageClass<T, I>,
    message: I,
    { context, headers = false, storageDrivers = [] }: MessageOptions,
  ): Promise<T> {
    const input = Buffer.from(type.encode(message).finish());
    const place = encodeContext(context);
    const work = { operation, context: place, input, messageType, headers, storageDrivers };
    return type.decode(await this.#host.run(work));
  }
}

/**
 * Opens a configuration file; relative paths inside it are relative to it.
 *
 * @example
 * ```ts
 * const t = open('tdc.yaml');
 * const client = new Client({ dataConverter: t.dataConverter });
 * ```
 *
 * @throws {@link TdcError} The configuration or a key is not usable; the message says where and
 * what to do.
 */
export function open(path: string, options: Options = {}): Tdc {
  return opened(addon().open(path, options.namespace ?? ''), options);
}

/**
 * Opens a configuration that is YAML or JSON text; relative paths inside it are relative to
 * `baseDir`.
 *
 * @throws {@link TdcError} The configuration or a key is not usable.
 */
export function parse(document: string, baseDir = '', options: Options = {}): Tdc {
  return opened(addon().parse(document, baseDir, options.namespace ?? ''), options);
}

function opened(handle: Handle | Failure, options: Options): Tdc {
  if ('number' in handle) throw libraryError(handle);
  return new Tdc(handle, options);
}
