// The SDK's failure converter as the oracle: nested failures of every class, with the text hidden
// and in the open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  DefaultFailureConverter,
  type LoadedDataConverter,
  NexusOperationFailure,
  RetryState,
  ServerFailure,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow';
import { temporal } from '@temporalio/proto';
import { parse } from 'temporal-tdc';
import { ENCRYPT } from './support.js';

const { Failure } = temporal.api.failure.v1;
const HIDDEN = 'failures: { encode_common_attributes: true }\n';
const SECRET = 'Größe 世界 🍵 <&> "secret"';

const own = new TypeError(SECRET, { cause: new Error(SECRET) });
const application = ApplicationFailure.create({
  message: SECRET,
  type: 'Größe',
  nonRetryable: true,
  details: [undefined, null, Uint8Array.of(0, 255), { text: SECRET }, 'x'.repeat(70_000)],
  nextRetryDelay: 1500,
  category: ApplicationFailureCategory.BENIGN,
  cause: own,
});
const execution = { workflowId: 'w', runId: 'r' };

/**
 * The errors of user code and of the SDK, newly created: a failure remembers what it was converted
 * to.
 */
const THROWN: Record<string, () => unknown> = {
  'an error with a cause': () => own,
  'an application failure': () => application,
  'one without anything': () => ApplicationFailure.create({ message: '' }),
  cancelled: () => new CancelledFailure(SECRET, [{ why: SECRET }], application),
  'timed out': () => new TimeoutFailure(SECRET, { beat: 1 }, TimeoutType.HEARTBEAT),
  'of the server': () => new ServerFailure(SECRET, true, own),
  terminated: () => new TerminatedFailure(SECRET, own),
  'an activity': () =>
    new ActivityFailure(SECRET, 'activity', '1', RetryState.TIMEOUT, 'me', application),
  'a child workflow': () =>
    new ChildWorkflowFailure('ns', execution, 'child', RetryState.TIMEOUT, application),
  'a Nexus operation': () =>
    new NexusOperationFailure(SECRET, undefined, 'endpoint', 'service', 'operation', 't', own),
  'a chain of thirty': () =>
    Array.from({ length: 30 }).reduce<Error>(
      (cause, _, at) => ApplicationFailure.create({ message: `${SECRET} ${at}`, cause }),
      own,
    ),
  'no error': () => ({ text: SECRET }),
  'a text': () => SECRET,
};

function ofSdk(encodeCommonAttributes: boolean): LoadedDataConverter {
  const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes });
  return { ...loadDataConverter(), failureConverter };
}

function ofTdc(document: string): LoadedDataConverter {
  return loadDataConverter(parse(document).dataConverter);
}

async function write(converter: LoadedDataConverter, thrown: unknown): Promise<Buffer> {
  return Buffer.from(Failure.encode(await encodeErrorToFailure(converter, thrown)).finish());
}

async function read(converter: LoadedDataConverter, stored: Buffer): Promise<unknown> {
  return described(await decodeOptionalFailureToOptionalError(converter, Failure.decode(stored)));
}

/**
 * All that code can see of an error: class, message, stack and own properties, of its causes as
 * well.
 */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // The failure that it came from is the way, not what was said.
  const { failure: _, cause, ...properties } = error as Error & { failure?: unknown };
  const { message, stack } = error;
  const name = error.constructor.name;
  return { name, message, stack, properties, cause: described(cause) };
}

for (const [name, make] of Object.entries(THROWN)) {
  test(`${name}: without codecs, tdc writes what the SDK writes`, async () => {
    const thrown = make();
    for (const [document, hidden] of [
      ['version: 1\n', false],
      [`version: 1\n${HIDDEN}`, true],
    ] as const) {
      const expected = await write(ofSdk(hidden), thrown);
      assert.ok((await write(ofTdc(document), thrown)).equals(expected));
      assert.deepEqual(await read(ofTdc(document), expected), await read(ofSdk(hidden), expected));
    }
  });

  test(`${name}: what was encrypted comes back as the SDK gives it back`, async () => {
    const thrown = make();
    const expected = await read(ofSdk(true), await write(ofSdk(true), thrown));
    for (const more of [HIDDEN, `${HIDDEN}converters: [null, bytes, msgpack]\n`]) {
      const tdc = ofTdc(`${ENCRYPT}${more}`);
      const stored = await write(tdc, thrown);
      for (const plain of ['secret', 'why', 'beat', 'json/plain', 'failures.test']) {
        assert.ok(!stored.includes(plain), plain);
      }
      assert.deepEqual(await read(tdc, stored), expected);
    }
  });
}
