// Makes calls, and answers their requests to the host until they need nothing more.

import { Clients } from './clients.js';
import { closedError, libraryError, TdcError } from './errors.js';
import { type Causes, eraseDataKeys, type KeyService, OwnKeyService } from './key-service.js';
import { Keys, type KeyProvider } from './keys.js';
import { addon, type Call, type Failure, type Handle, type Operation } from './native.js';
import { send, type RemoteHeaders } from './remote.js';
import {
  type Answer,
  answer,
  Kind,
  OBJECT,
  readRequests,
  type Request,
  writeAnswers,
} from './requests.js';
import type { StorageDriverLike } from './storage-driver.js';
import { retrieve } from './stored.js';

/** Up to this many bytes, a call runs on the main thread; `quick.ts` has the figures. */
const SMALL = 64 * 1024;

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
  /** Retrieve what references to stored objects name; without any, these stay. */
  readonly storageDrivers?: readonly StorageDriverLike[];
}

/** The sources of answers, apart from the addon itself. */
export interface Answerers {
  readonly keyProvider?: KeyProvider | undefined;
  readonly keyService?: KeyService | undefined;
  readonly remoteHeaders?: RemoteHeaders | undefined;
}

/** Answers the library's requests for one open configuration. */
export class Host {
  closed = false;
  private readonly keys: Keys;
  private readonly service: OwnKeyService | undefined;
  private readonly clients = new Clients();
  /** What key services are being asked by some call, and what they threw. */
  private readonly flights = new Map<string, Promise<Causes>>();

  constructor(
    readonly handle: Handle,
    private readonly answerers: Answerers = {},
  ) {
    const { keyProvider, keyService } = answerers;
    this.keys = new Keys(keyProvider);
    this.service = keyService && new OwnKeyService(keyService);
  }

  /** Repeats a call until it has everything it asks for; it never asks twice, so this ends. */
  async run(work: Work): Promise<Buffer> {
    if (this.closed) throw closedError();
    const { operation, context, input, messageType, headers, storageDrivers = [] } = work;
    const call = new (addon().Call)(this.handle, operation, context, input, messageType, headers);
    if (storageDrivers.length > 0) call.follow();
    const causes = new Map<string, unknown>();
    for (let hasWaited = false; ;) {
      const failure = input.length <= SMALL ? call.tryNow() : await call.tryOnPool();
      if (failure === null) {
        this.answerWhatIsLeft(call);
        return call.output();
      }
      if (failure.number !== REQUESTS) throw this.error(failure, causes);
      const question = call.keyQuestion();
      const flight = question === null || hasWaited ? undefined : this.flights.get(question);
      if (flight === undefined) {
        addFirst(causes, await this.answerInFlight(question, call, storageDrivers));
      } else {
        // The library then has the data key, or says why not.
        causes.clear();
        addFirst(causes, await flight);
        call.restart();
        hasWaited = true;
      }
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

  /**
   * A call that succeeded may leave a request, to have the next data key wrapped while calls use
   * the old one. Nothing waits for the answer; if there is none, a later call asks again.
   */
  answerWhatIsLeft(call: Call | null): void {
    if (!call?.hasRequests()) return;
    if (this.service === undefined) this.clients.renew(call);
    else this.answerAll(call, [], new Map(), false).catch(() => undefined);
  }

  /** Answers all requests; other calls with the same requests to key services wait. */
  private async answerInFlight(
    question: string | null,
    call: Call,
    drivers: readonly StorageDriverLike[],
  ): Promise<Causes> {
    const causes = new Map<string, unknown>();
    const answering = this.answerAll(call, drivers, causes, true);
    if (question !== null) {
      const landed = (): Causes => {
        this.flights.delete(question);
        return causes;
      };
      this.flights.set(question, answering.then(landed, landed));
    }
    await answering;
    return causes;
  }

  private async answerAll(
    call: Call,
    drivers: readonly StorageDriverLike[],
    causes: Map<string, unknown>,
    isAwaited: boolean,
  ): Promise<void> {
    if (this.service === undefined && call.keyQuestion() !== null) {
      const failure = await this.clients.answer(call);
      if (failure !== null) throw this.error(failure);
    }
    const requests = call.requests();
    try {
      const all = readRequests(requests);
      const objects = all.filter(({ kind }) => kind === OBJECT);
      const others = all.filter(({ kind }) => kind !== OBJECT);
      const failures = others.map(() => new Map<string, unknown>());
      const asked = [
        ...others.map(async (request, at) => [
          await this.answer(request, failures[at] ?? causes, isAwaited),
        ]),
        retrieve(drivers, objects, causes),
      ];
      const settled = await Promise.allSettled(asked);
      for (const failure of failures) addFirst(causes, failure);
      const answers = settled.flatMap((each) => ('value' in each ? each.value : []));
      const message = writeAnswers(answers);
      eraseDataKeys(answers);
      try {
        // Another one's failure, such as of a key provider, ends the call.
        await Promise.all(asked);
        const refused = call.answer(message);
        if (refused !== null) throw this.error(refused);
      } finally {
        message.fill(0);
      }
    } finally {
      requests.fill(0);
    }
  }

  private async answer(
    request: Request,
    causes: Map<string, unknown>,
    isAwaited: boolean,
  ): Promise<Answer> {
    switch (request.kind) {
      case Kind.key:
        return this.keys.answer(request);
      case Kind.reload:
        // The files may be half written; what was loaded before stays, and the next try says what
        // is missing.
        if (!this.closed) this.handle.reload();
        return answer(request, Kind.reload);
      case Kind.http:
        return answer(
          request,
          Kind.http,
          await send(request.message, this.answerers.remoteHeaders),
        );
      case Kind.wrap:
      case Kind.unwrap:
        return this.service?.answer(request, causes, isAwaited) ?? answer(request, Kind.unknown);
      default:
        return answer(request, Kind.unknown);
    }
  }

  private error(failure: Failure, causes?: Causes): TdcError {
    const error = libraryError(failure, causes?.get(failure.code));
    const lacksKey = failure.number === KEY_UNKNOWN && this.handle.hasHostKeys;
    if (!lacksKey || this.answerers.keyProvider !== undefined) return error;
    return new TdcError(
      'keys.host is true, but no key provider was given: pass keyProvider to open ' +
        `(${failure.message})`,
      { code: 'TDC_ERR_KEY_PROVIDER', number: 203, index: error.index, transient: true },
    );
  }
}

/** The library reports the first failure of a code, by order of payloads and over all tries. */
function addFirst(causes: Map<string, unknown>, more: Causes): void {
  for (const [code, cause] of more) if (!causes.has(code)) causes.set(code, cause);
}
