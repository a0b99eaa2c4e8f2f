// TypeScript's official drivers, wrapped by tdc or not: for the participant beside this file, and
// for the worker of e2e/typescript.

import { S3Client } from '@aws-sdk/client-s3';
import { Storage } from '@google-cloud/storage';
import type { StorageDriver } from '@temporalio/common/lib/converter/extstore.js';
import { GcsStorageDriver } from '@temporalio/external-storage-gcs';
import { GoogleCloudGcsStorageDriverClient } from '@temporalio/external-storage-gcs-google-sdk';
import { S3StorageDriver } from '@temporalio/external-storage-s3';
import { AwsSdkS3StorageDriverClient } from '@temporalio/external-storage-s3-aws-sdk';
import { storageDriver } from 'temporal-tdc';

function s3(endpoint: string, bucket: string): S3StorageDriver {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  return new S3StorageDriver({ client: new AwsSdkS3StorageDriverClient(client), bucket });
}

function gcs(apiEndpoint: string, bucket: string): GcsStorageDriver {
  const storage = new Storage({ apiEndpoint, projectId: 'test' });
  return new GcsStorageDriver({ client: new GoogleCloudGcsStorageDriverClient(storage), bucket });
}

/**
 * The driver of a store, s3 or gcs; `mode` is bare or wrapped. The credentials of S3 are in the
 * environment.
 */
export function driverOf(
  store: string,
  endpoint: string,
  bucket: string,
  mode: string,
): StorageDriver {
  if (store === 'gcs') {
    const driver: GcsStorageDriver = gcs(endpoint, bucket);
    return mode === 'wrapped' ? storageDriver(driver) : driver;
  }
  const driver: S3StorageDriver = s3(endpoint, bucket);
  return mode === 'wrapped' ? storageDriver(driver) : driver;
}
