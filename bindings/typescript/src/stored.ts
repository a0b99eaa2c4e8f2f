// Stored payloads that a call asks for: the program's own storage drivers retrieve them.

import type { Payload } from '@temporalio/common';
import { payloadSize, writePayload } from './payloads.js';
import { type Answer, answer, Kind, type Request } from './requests.js';
import type { StorageClaimLike, StorageDriverLike } from './storage-driver.js';
import { bytesField, fields } from './wire.js';

/** An `Object` of proto/tdc/host.proto, as far as drivers need it. */
interface StoredObject {
  readonly request: Request;
  readonly store: string;
  readonly claim: StorageClaimLike;
  readonly timeoutMs: number;
}

interface Retrieves {
  retrieve(context: { abortSignal: AbortSignal }, claims: StorageClaimLike[]): Promise<Payload[]>;
}

/** More than a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Answers requests for stored objects: each driver retrieves all of its own together. The error of
 * the first object that failed also goes into `causes`: the library names that object.
 */
export async function retrieve(
  drivers: readonly StorageDriverLike[],
  requests: readonly Request[],
  causes: Map<string, unknown>,
): Promise<Answer[]> {
  const objects = requests.map(readObject);
  const failures = new Map<string, unknown>();
  let left = objects;
  const asked = drivers.map((driver) => {
    const own = left.filter(({ store }) => store === driver.name);
    left = left.filter(({ store }) => store !== driver.name);
    return ask(driver as unknown as Retrieves, own, failures);
  });
  const answers = (await Promise.all(asked)).flat();
  const failed = objects.find(({ store }) => failures.has(store));
  if (failed !== undefined) causes.set('TDC_ERR_STORAGE', failures.get(failed.store));
  return [...answers, ...left.map(({ request }) => answer(request, Kind.unknown))];
}

async function ask(
  driver: Retrieves,
  objects: readonly StoredObject[],
  failures: Map<string, unknown>,
): Promise<Answer[]> {
  const [first] = objects;
  if (first === undefined) return [];
  try {
    const payloads = await inTime(first.timeoutMs, (abortSignal) =>
      driver.retrieve(
        { abortSignal },
        objects.map(({ claim }) => claim),
      ),
    );
    if (payloads.length !== objects.length) {
      throw new Error(
        `the storage driver gave ${payloads.length} payloads for ${objects.length} claims`,
      );
    }
    return objects.map(({ request }, index) =>
      answer(request, Kind.retrieved, encodePayload(payloads[index] as Payload)),
    );
  } catch (cause) {
    failures.set(first.store, cause);
    const failure = bytesField(2, Buffer.from(wordsOf(cause)));
    return objects.map(({ request }) => answer(request, Kind.objectFailure, failure));
  }
}

/** Does work whose signal is aborted, and which is given up, after the timeout. */
async function inTime<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = new Error(`no answer in ${timeoutMs / 1000} s`);
        // Before the driver listens: its own error for an abort says less.
        reject(error);
        controller.abort(error);
      },
      Math.min(timeoutMs, LONGEST_TIMEOUT),
    );
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function readObject(request: Request): StoredObject {
  const object = { request, store: '', claim: { claimData: {} as Record<string, string> } };
  let timeoutMs = 0;
  for (const [number, value] of fields(request.message)) {
    if (number === 5) timeoutMs = value as number;
    else if (number === 1) object.store = value.toString();
    else if (number === 6) {
      const entry = new Map(fields(value as Buffer));
      object.claim.claimData[String(entry.get(1))] = String(entry.get(2));
    }
  }
  return { ...object, timeoutMs };
}

function encodePayload(payload: Payload): Buffer {
  const message = Buffer.alloc(payloadSize(payload));
  writePayload(message, 0, payload);
  return message;
}

/** What was thrown may be anything. */
function wordsOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause);
  } catch {
    return 'the storage driver failed';
  }
}
