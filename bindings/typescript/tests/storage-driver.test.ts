// The wrapper around storage drivers: the claims of every SDK, by the vectors and beyond.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Payload } from '@temporalio/common';
import {
  ExternalStorage,
  type StorageDriver,
  StorageDriverClaim,
  type StorageDriverRetrieveContext,
  type StorageDriverStoreContext,
} from '@temporalio/common/lib/converter/extstore.js';
import { storageDriver } from 'temporal-tdc';
import { root } from './support.js';

type Claim = Record<string, string>;

interface ClaimVector {
  name: string;
  type: string;
  claim: Claim;
  expect: { claim?: Claim; error?: string; names?: string[] };
}

/** Returns the claims that it was given, and keeps what it is asked for. */
class Memory implements StorageDriver {
  readonly name = 'orders';
  readonly contexts: object[] = [];
  stored: Payload[] = [];
  retrieved: StorageDriverClaim[] = [];
  readonly #claims: StorageDriverClaim[];

  constructor(
    readonly type: string,
    ...claims: Claim[]
  ) {
    this.#claims = claims.map((claim) => new StorageDriverClaim(claim));
  }

  get claims(): StorageDriverClaim[] {
    return this.#claims;
  }

  store(context: StorageDriverStoreContext, payloads: Payload[]): Promise<StorageDriverClaim[]> {
    this.contexts.push(context);
    this.stored = payloads;
    return Promise.resolve(this.#claims);
  }

  retrieve(
    context: StorageDriverRetrieveContext,
    claims: StorageDriverClaim[],
  ): Promise<Payload[]> {
    this.contexts.push(context);
    this.retrieved = claims;
    return Promise.resolve(this.stored);
  }

  close(): number {
    return this.#claims.length;
  }
}

const { vectors } = JSON.parse(
  readFileSync(join(root, 'vectors', 'claims', 'claims.json'), 'utf8'),
) as { vectors: ClaimVector[] };

for (const { name, type, claim, expect } of vectors) {
  test(name, async () => {
    const before = { ...claim };
    const inner = new Memory(type, claim);
    const driver = storageDriver(inner);
    if (expect.error) {
      const names = expect.names?.join(' and ') ?? '';
      const sentence = `the claim of the storage driver "orders" is contradictory: its ${names} disagree`;
      const error = { name: 'TdcError', code: expect.error, index: 0, sentence };
      await assert.rejects(driver.store({}, []), error);
      await assert.rejects(driver.retrieve({}, inner.claims), error);
      assert.deepEqual(inner.retrieved, []);
    } else {
      const want = [new StorageDriverClaim(expect.claim ?? {})];
      assert.deepStrictEqual(await driver.store({}, []), want);
      await driver.retrieve({}, inner.claims);
      assert.deepStrictEqual(inner.retrieved, want);
    }
    assert.deepEqual(claim, before);
  });
}

test('everything else is the driver’s', async () => {
  const inner = new Memory('aws.s3driver', { hash_value: '1' }, { key: 'b' }, { hashValue: '3' });
  const driver: Memory = storageDriver(inner);
  assert.equal(driver.name, 'orders');
  assert.equal(driver.type, 'aws.s3driver');
  assert.ok(driver instanceof Memory);
  assert.equal(driver.constructor, Memory);
  assert.equal(driver.close(), 3);
  const [store, retrieve] = [{ abortSignal: AbortSignal.abort() }, {}];
  const payloads = ['a', 'b', 'c'].map((text) => ({ data: Buffer.from(text) }));
  const claims = await driver.store(store, payloads);
  assert.deepEqual(
    claims.map(({ claimData }) => claimData),
    [{ hash_value: '1', hashValue: '1' }, { key: 'b' }, { hash_value: '3', hashValue: '3' }],
  );
  assert.equal(await driver.retrieve(retrieve, claims), payloads);
  assert.equal(inner.stored, payloads);
  assert.deepEqual(inner.contexts, [store, retrieve]);
});

test('the claim that disagrees is named', async () => {
  const claims = [{}, { hash_value: 'aaa', hashValue: 'bbb' }].map(
    (claim) => new StorageDriverClaim(claim),
  );
  await assert.rejects(storageDriver(new Memory('aws.s3driver')).retrieve({}, claims), {
    code: 'TDC_ERR_REFERENCE',
    number: 115,
    index: 1,
    transient: false,
  });
});

test('a frozen driver can be wrapped', async () => {
  const driver = storageDriver(
    Object.freeze({
      name: 'frozen',
      type: 'aws.s3driver',
      store: () => Promise.resolve([{ claimData: { hash_value: '1' } as Claim }]),
      retrieve: () => Promise.resolve([]),
    }),
  );
  const [claim] = await driver.store();
  assert.deepEqual(claim?.claimData, { hash_value: '1', hashValue: '1' });
});

test('the SDK takes it as a driver', () => {
  const driver = storageDriver(new Memory('aws.s3driver'));
  assert.equal(new ExternalStorage({ drivers: [driver] }).getDriver('orders'), driver);
});
