// A program that stores payloads by TypeScript's official drivers and retrieves them, wrapped by
// tdc or not.

import { text } from 'node:stream/consumers';
import {
  type StorageDriver,
  StorageDriverClaim,
  type StorageDriverWorkflowInfo,
} from '@temporalio/common/lib/converter/extstore.js';
import { temporal } from '@temporalio/proto';
import { driverOf } from './drivers.js';

const { Payload } = temporal.api.common.v1;
type Claim = Record<string, string>;

const target: StorageDriverWorkflowInfo = {
  kind: 'workflow',
  namespace: 'default',
  type: 'Order',
  id: 'order/1 größer',
  runId: 'run-1',
};

async function retrieve(driver: StorageDriver, claim: Claim): Promise<object> {
  try {
    const [payload] = await driver.retrieve({}, [new StorageDriverClaim(claim)]);
    const message = Payload.encode(payload ?? {}).finish();
    return { payload: Buffer.from(message).toString('base64') };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

async function main(
  ...[store = '', endpoint = '', bucket = '', mode = '', action]: string[]
): Promise<void> {
  const driver = driverOf(store, endpoint, bucket, mode);
  const asked: unknown = JSON.parse(await text(process.stdin));
  let answer: unknown;
  if (action === 'store') {
    const messages = asked as string[];
    const payloads = messages.map((message) => Payload.decode(Buffer.from(message, 'base64')));
    const claims = await driver.store({ target }, payloads);
    answer = claims.map(({ claimData }) => claimData);
  } else {
    // One call for each claim, so that each has an error of its own.
    answer = await Promise.all((asked as Claim[]).map((claim) => retrieve(driver, claim)));
  }
  process.stdout.write(JSON.stringify(answer));
}

void main(...process.argv.slice(2));
