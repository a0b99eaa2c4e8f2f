// Stored payloads in the places of their references, by storage drivers of the program.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import type { Payload } from '@temporalio/common';
import {
  type StorageDriver,
  StorageDriverClaim,
  type StorageDriverRetrieveContext,
  type StorageDriverStoreContext,
} from '@temporalio/common/lib/converter/extstore.js';
import { temporal } from '@temporalio/proto';
import { parse, type Tdc, TdcError } from 'temporal-tdc';
import { Service, serviceConfig } from './key-services.js';
import { ENCRYPT } from './support.js';

const { History } = temporal.api.history.v1;
const HISTORY = 'temporal.api.history.v1.History';
const STORE = '{ s3: { region: eu-central-1 }, buckets: [orders] }';

type Retrieve = (found: Payload[], signal: AbortSignal | undefined) => Promise<Payload[]>;

/** A driver over a map, with the keys and claims of the official one for Amazon S3. */
class Memory implements StorageDriver {
  readonly type = 'aws.s3driver';
  readonly payloads = new Map<string, Payload>();
  readonly retrievals: StorageDriverClaim[][] = [];

  constructor(
    readonly name: string,
    private readonly answer: Retrieve = (found) => Promise.resolve(found),
  ) {}

  store(_: StorageDriverStoreContext, payloads: Payload[]): Promise<StorageDriverClaim[]> {
    const claims = payloads.map((payload) => {
      const bytes = temporal.api.common.v1.Payload.encode(payload).finish();
      const hashValue = createHash('sha256').update(bytes).digest('hex');
      const key = `v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/${hashValue}`;
      this.payloads.set(key, payload);
      return new StorageDriverClaim({ bucket: 'orders', key, hashAlgorithm: 'sha256', hashValue });
    });
    return Promise.resolve(claims);
  }

  retrieve(
    { abortSignal }: StorageDriverRetrieveContext,
    claims: StorageDriverClaim[],
  ): Promise<Payload[]> {
    this.retrievals.push(claims);
    const found = claims.map(({ claimData }) => this.payloads.get(claimData['key'] ?? ''));
    return this.answer(found as Payload[], abortSignal);
  }

  /** Stores payloads and returns references to them, as the SDK writes them. */
  async refer(...payloads: Payload[]): Promise<Payload[]> {
    const claims = await this.store({}, payloads);
    return claims.map(({ claimData }) => reference(this.name, claimData));
  }
}

function reference(driverName: string, claimData: Record<string, string>): Payload {
  const messageType = Buffer.from('temporal.api.sdk.v1.ExternalStorageReference');
  return {
    metadata: { encoding: Buffer.from('json/protobuf'), messageType },
    data: Buffer.from(JSON.stringify({ driverName, claimData })),
  };
}

function payload(data: string): Payload {
  return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(data) };
}

function history(...payloads: Payload[]): temporal.api.history.v1.History {
  const workflowExecutionStartedEventAttributes = { input: { payloads } };
  return History.create({ events: [{ workflowExecutionStartedEventAttributes }] });
}

function inputs(decoded: temporal.api.history.v1.IHistory): string[] {
  const attributes = decoded.events?.[0]?.workflowExecutionStartedEventAttributes;
  return (attributes?.input?.payloads ?? []).map(({ data }) => Buffer.from(data ?? []).toString());
}

function open(namespace = 'orders', more = ''): Tdc {
  const document = `${ENCRYPT}storage:\n  stores: { s3: ${STORE}, other: ${STORE} }\n${more}`;
  return parse(document, '', { namespace });
}

test('stored payloads take the places of their references', async () => {
  const t = open();
  const [s3, other] = [new Memory('s3'), new Memory('other')];
  // One more than two calls of one driver, and one of another.
  const plain = Array.from({ length: 33 }, (_, number) => payload(String(number)));
  const sealed = await t.payloadCodec.encode(plain);
  const given = await s3.refer(...sealed);
  given.push(given[0] as Payload, ...(await other.refer(payload('0'))), sealed[1] as Payload);
  const expected = [...plain.keys(), 0, 0, 1].map(String);
  const storageDrivers = [s3, other];

  const message = history(...given);
  assert.deepEqual(
    inputs(await t.decodeMessage(HISTORY, History, message, { storageDrivers })),
    expected,
  );
  const claims = s3.retrievals.flat().map(({ claimData }) => claimData['key']);
  assert.equal(s3.retrievals.length, 3);
  assert.ok(s3.retrievals.every((claims) => claims.length <= 16));
  assert.deepEqual(claims.sort(), [...s3.payloads.keys()].sort(), 'each is asked for once');
  const [key = ''] = other.payloads.keys();
  const hash = key.split('/').at(-1) ?? '';
  assert.deepEqual(
    other.retrievals.map((claims) => claims.map(({ claimData }) => claimData)),
    [
      [
        {
          bucket: 'orders',
          key,
          object: key,
          object_name: key,
          hash_algorithm: 'sha256',
          hashAlgorithm: 'sha256',
          hash_value: hash,
          hashValue: hash,
        },
      ],
    ],
  );

  const exported = JSON.stringify({
    events: [
      {
        eventId: '1',
        workflowExecutionStartedEventAttributes: {
          input: {
            payloads: given.map(({ metadata, data }) => ({
              metadata: Object.fromEntries(
                Object.entries(metadata ?? {}).map(([name, value]) => [
                  name,
                  Buffer.from(value).toString('base64'),
                ]),
              ),
              data: Buffer.from(data ?? []).toString('base64'),
            })),
          },
        },
      },
    ],
  });
  const decoded = (await t.decodeHistory(exported, { storageDrivers })).toString();
  assert.deepEqual(inputs(History.fromObject(JSON.parse(decoded) as object)), expected);

  // Without drivers, and where messages are encoded, references stay.
  const before = s3.retrievals.length;
  const kept = await t.decodeMessage(HISTORY, History, message);
  assert.equal(inputs(kept)[0], Buffer.from(given[0]?.data ?? []).toString());
  await t.encodeMessage(HISTORY, History, message, { storageDrivers });
  assert.equal(s3.retrievals.length, before);
});

test('what a driver does not retrieve is transient, and its error the cause', async () => {
  const moved = new Error('the bucket has moved');
  const hangs: Retrieve = (_, signal) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  const cases: [Retrieve, RegExp, unknown?][] = [
    [() => Promise.reject(moved), /the bucket has moved/, moved],
    [
      () => {
        throw moved;
      },
      /the bucket has moved/,
      moved,
    ],
    [(found) => Promise.resolve(found.slice(1)), /gave 1 payloads for 2 claims/],
    [() => Promise.resolve(null as unknown as Payload[]), /could not be fetched/],
    [(found) => Promise.resolve(found.map(() => null as unknown as Payload)), /could not be/],
    [hangs, /no answer in 0.05 s/],
  ];
  for (const [retrieve, expected, cause] of cases) {
    const driver = new Memory('s3', retrieve);
    const message = history(...(await driver.refer(payload('1'), payload('2'))));
    const decoding = open('orders', '  timeout: 50 ms\n').decodeMessage(HISTORY, History, message, {
      storageDrivers: [driver],
    });
    await assert.rejects(decoding, (error: unknown) => {
      assert.ok(error instanceof TdcError);
      assert.deepEqual([error.code, error.transient], ['TDC_ERR_STORAGE', true]);
      assert.match(error.message, expected);
      if (cause !== undefined) assert.equal(error.cause, cause);
      return true;
    });
  }
});

test('of several failures, the cause is of the payload that the error names', async () => {
  const [slow, quick] = [new Error('slowly'), new Error('at once')];
  const first = new Memory('s3', () => later(20).then(() => Promise.reject(slow)));
  const second = new Memory('other', () => Promise.reject(quick));
  const mine = await first.refer(payload('1'));
  const others = await second.refer(payload('2'));
  for (const [message, cause] of [
    [history(...mine, ...others), slow],
    [history(...others, ...mine), quick],
  ] as const) {
    const options = { storageDrivers: [first, second] };
    await assert.rejects(open('orders').decodeMessage(HISTORY, History, message, options), {
      code: 'TDC_ERR_STORAGE',
      index: 0,
      message: new RegExp(cause.message),
      cause,
    });
  }
});

test('a call that waits for the data key of another one follows all the same', async () => {
  const keyService = Object.assign(new Service(), { takes: 50 });
  const document = `${serviceConfig()}storage:\n  stores: { s3: ${STORE} }\n`;
  const [sealing, t] = [0, 1].map(() => parse(document, '', { namespace: 'orders', keyService }));
  const sealed = (await sealing?.payloadCodec.encode([payload('1')])) ?? [];
  const driver = new Memory('s3');
  const message = history(...sealed, ...(await driver.refer(payload('2'))));
  const decoded = await Promise.all(
    [[], [driver]].map((storageDrivers) =>
      t?.decodeMessage(HISTORY, History, message, { storageDrivers }),
    ),
  );
  assert.deepEqual(inputs(decoded[1] ?? {}), ['1', '2']);
  assert.equal(keyService.unwraps, 1);
});

test('no driver sees a reference that may not be followed', async () => {
  const driver = new Memory('s3');
  const [mine] = await driver.refer(payload('1'));
  const [others] = await new Memory('other').refer(payload('1'));
  const cases: [string, Payload | undefined, string][] = [
    ['payments', mine, 'TDC_ERR_REFERENCE'],
    ['', mine, 'TDC_ERR_REFERENCE'],
    ['orders', reference('gcs', {}), 'TDC_ERR_REFERENCE'],
    ['orders', others, 'TDC_ERR_STORAGE'],
  ];
  for (const [namespace, given, code] of cases) {
    const message = history(given as Payload);
    const options = { storageDrivers: [driver] };
    await assert.rejects(open(namespace).decodeMessage(HISTORY, History, message, options), {
      code,
    });
  }
  assert.deepEqual(driver.retrievals, []);
});
