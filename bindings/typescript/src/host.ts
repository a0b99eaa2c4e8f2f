// Makes calls, and answers what they ask of the host until they need nothing more.

import { closedError, libraryError, TdcError } from './errors.js';
import { Keys, type KeyProvider } from './keys.js';
import { addon, type Call, type Failure, type Handle, type Operation } from './native.js';
import { send, type RemoteHeaders } from './remote.js';
import { Kind, answer, readRequests, type Request } from './requests.js';

/**
 * Up to so many bytes a call is made on the main thread: the way to another one and back takes about 30 µs, in which
 * the library encrypts more than this.
 */
export const SMALL = 64 * 1024;

const REQUESTS = 2;
const KEY_UNKNOWN = 201;

/** What a call works on. */
export interface Work {
  readonly operation: Operation;
  readonly context: Buffer;
  /** Never written to again: a thread of libuv may read it. */
  readonly input: Buffer;
  readonly messageType?: string;
  readonly headers?: boolean;
}

/** Answers the library's requests for one open configuration. */
export class Host {
  closed = false;
  private readonly keys: Keys;

  constructor(
    readonly handle: Handle,
    private readonly keyProvider: KeyProvider | undefined,
    private readonly remoteHeaders: RemoteHeaders | undefined,
  ) {
    this.keys = new Keys(keyProvider);
  }

  /** Makes a call until it has all that it asks for; it asks for nothing twice, so this ends. */
  async run({ operation, context, input, messageType, headers }: Work): Promise<Buffer> {
    if (this.closed) throw closedError();
    const call = new (addon().Call)(this.handle, operation, context, input, messageType, headers);
    for (;;) {
      const failure = input.length <= SMALL ? call.tryNow() : await call.tryOnPool();
      if (failure === null) {
        this.answerWhatIsLeft(call);
        return call.output();
      }
      if (failure.number !== REQUESTS) throw this.error(failure);
      await this.answerAll(call);
    }
  }

  close(): void {
    this.closed = true;
    this.handle.close();
  }

  reload(): void {
    if (this.closed) throw closedError();
    const failure = this.handle.reload();
    if (failure !== null) throw libraryError(failure);
  }

  private async answerAll(call: Call): Promise<void> {
    const requests = call.requests();
    try {
      const answers = Buffer.concat(
        await Promise.all(readRequests(requests).map((request) => this.answer(request))),
      );
      const refused = call.answer(answers);
      answers.fill(0);
      if (refused !== null) throw this.error(refused);
    } finally {
      requests.fill(0);
    }
  }

  /** A call that succeeded may leave requests for later calls, which nobody waits for. */
  private answerWhatIsLeft(call: Call): void {
    if (call.hasRequests()) this.answerAll(call).catch(() => undefined);
  }

  private async answer(request: Request): Promise<Buffer> {
    switch (request.kind) {
      case Kind.key:
        return this.keys.answer(request);
      case Kind.reload:
        // The files may be half written; what was loaded before stays, and the next try says what is missing.
        if (!this.closed) this.handle.reload();
        return answer(request, Kind.reload);
      case Kind.http:
        return answer(request, Kind.http, await send(request.message, this.remoteHeaders));
      default:
        return answer(request, Kind.unknown);
    }
  }

  private error(failure: Failure): TdcError {
    const error = libraryError(failure);
    const lacksKey = failure.number === KEY_UNKNOWN && this.handle.hasHostKeys;
    if (!lacksKey || this.keyProvider !== undefined) return error;
    return new TdcError(
      'keys.host is true, but no key provider was given: pass keyProvider to open ' +
        `(${failure.message})`,
      { code: 'TDC_ERR_KEY_PROVIDER', number: 203, index: error.index, transient: true },
    );
  }
}
