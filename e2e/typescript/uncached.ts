// A worker that keeps no workflow between two tasks, so that each task decodes, and retrieves, the
// whole history again.

import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Tdc } from 'temporal-tdc';
import { bundle } from './bundles.js';
import { obey } from './lines.js';

/** Runs the worker until standard input ends, and closes what it has. */
export async function serveUncached(
  t: Tdc,
  address: string,
  options: Pick<WorkerOptions, 'taskQueue' | 'activities' | 'dataConverter'>,
): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    dataConverter: t.dataConverter,
    ...options,
    connection,
    workflowBundle: bundle('tdc'),
    maxCachedWorkflows: 0,
  });
  const running = worker.run();
  const reload = (): void => {
    t.reload();
  };
  await obey({ reload: ['reloaded', reload] });
  worker.shutdown();
  await running;
  await connection.close();
  t.close();
}
