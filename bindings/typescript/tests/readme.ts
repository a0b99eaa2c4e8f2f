// The code of README.md, line by line: scripts/check_pages.py compares them, and the compiler knows
// what they call.

import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { ExternalStorage, type StorageDriver } from '@temporalio/common/lib/converter/extstore.js';
import { open } from 'temporal-tdc';
import { type KeyService, KeyServiceError } from 'temporal-tdc';
import { storageDriver, type Tdc } from 'temporal-tdc';

export async function changedLine(workflowsPath: string): Promise<[Client, Worker]> {
  const { dataConverter } = open('tdc.yaml');
  const client = new Client({ dataConverter });
  const worker = await Worker.create({ dataConverter, taskQueue: 'orders', workflowsPath });
  return [client, worker];
}

class AccessDenied extends Error {}

interface Kms {
  encrypt(uri: string, dataKey: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  decrypt(uris: string[], wrapped: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

export function ownService(kms: Kms): KeyService {
  const keyService: KeyService = {
    async wrap({ uri }, dataKey, signal) {
      return await kms.encrypt(uri, dataKey, signal);
    },
    async unwrap({ uri, earlier }, wrapped, signal) {
      try {
        return await kms.decrypt([uri, ...earlier], wrapped, signal);
      } catch (cause) {
        const refused = cause instanceof AccessDenied;
        throw new KeyServiceError(refused ? 'access denied' : 'the service failed', {
          refused,
          cause,
        });
      }
    },
  };
  return keyService;
}

export function stored(t: Tdc, driver: StorageDriver): Client {
  const externalStorage = new ExternalStorage({ drivers: [storageDriver(driver)] });
  const client = new Client({ dataConverter: { ...t.dataConverter, externalStorage } });
  return client;
}

export async function retrieved(t: Tdc, exported: Uint8Array, driver: StorageDriver) {
  const decoded = await t.decodeHistory(exported, { storageDrivers: [driver] });
  return decoded;
}
