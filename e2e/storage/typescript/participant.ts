// A program that stores payloads by TypeScript's official drivers and retrieves them, wrapped by
// tdc or not.

import { text } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';
import { Storage } from '@google-cloud/storage';
import {
  type StorageDriver,
  StorageDriverClaim,
  type StorageDriverWorkflowInfo,
} from '@temporalio/common/lib/converter/extstore.js';
import { GcsStorageDriver } from '@temporalio/external-storage-gcs';
import { GoogleCloudGcsStorageDriverClient } from '@temporalio/external-storage-gcs-google-sdk';
import { S3StorageDriver } from '@temporalio/external-storage-s3';
import { AwsSdkS3StorageDriverClient } from '@temporalio/external-storage-s3-aws-sdk';
import { temporal } from '@temporalio/proto';
import { storageDriver } from 'temporal-tdc';

const { Payload } = temporal.api.common.v1;
type Claim = Record<string, string>;

const target: StorageDriverWorkflowInfo = {
  kind: 'workflow',
  namespace: 'default',
  type: 'Order',
  id: 'order/1 größer',
  runId: 'run-1',
};

function s3(endpoint: string, bucket: string): S3StorageDriver {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'testtest' },
  });
  return new S3StorageDriver({ client: new AwsSdkS3StorageDriverClient(client), bucket });
}

function gcs(apiEndpoint: string, bucket: string): GcsStorageDriver {
  const storage = new Storage({ apiEndpoint, projectId: 'test' });
  return new GcsStorageDriver({ client: new GoogleCloudGcsStorageDriverClient(storage), bucket });
}

function driverOf(store: string, endpoint: string, bucket: string, mode: string): StorageDriver {
  if (store === 'gcs') {
    const driver: GcsStorageDriver = gcs(endpoint, bucket);
    return mode === 'wrapped' ? storageDriver(driver) : driver;
  }
  const driver: S3StorageDriver = s3(endpoint, bucket);
  return mode === 'wrapped' ? storageDriver(driver) : driver;
}

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
