// The worker of the workflow Relay, which stores what is large by the official S3 driver, wrapped
// by tdc. It keeps no workflow between two tasks, so that each task retrieves again.
//
// usage: relay-worker.js ADDRESS CONFIG ENDPOINT BUCKET QUEUE

import { S3Client } from '@aws-sdk/client-s3';
import { activityInfo } from '@temporalio/activity';
import { ExternalStorage } from '@temporalio/common/lib/converter/extstore.js';
import { S3StorageDriver } from '@temporalio/external-storage-s3';
import { AwsSdkS3StorageDriverClient } from '@temporalio/external-storage-s3-aws-sdk';
import { NativeConnection, Worker } from '@temporalio/worker';
import { open, storageDriver } from 'temporal-tdc';
import { bundle } from './bundles.js';
import { obey } from './lines.js';

/** Adds the name of its queue. */
function forward(letter: string): Promise<string> {
  return Promise.resolve(`${letter} ${activityInfo().taskQueue}`);
}

function storage(endpoint: string, bucket: string): ExternalStorage {
  // The credentials come from the environment.
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  const driver = new S3StorageDriver({ client: new AwsSdkS3StorageDriverClient(client), bucket });
  return new ExternalStorage({ drivers: [storageDriver(driver)] });
}

async function main(): Promise<void> {
  const [address = '', config = '', endpoint = '', bucket = '', taskQueue = ''] =
    process.argv.slice(2);
  const t = open(config);
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    dataConverter: { ...t.dataConverter, externalStorage: storage(endpoint, bucket) },
    workflowBundle: bundle('tdc'),
    activities: { Forward: forward },
    maxCachedWorkflows: 0,
  });
  const running = worker.run();
  await obey({});
  worker.shutdown();
  await running;
  await connection.close();
  t.close();
}

void main();
