// The worker of the workflow Sites, and of an activity that others call. It keeps no workflow
// between two tasks, so that each task decodes the whole history again.
//
// usage: sites-worker.js ADDRESS CONFIG QUEUE

import { activityInfo } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { open } from 'temporal-tdc';
import { local } from './activities.js';
import { bundle } from './bundles.js';
import { obey } from './lines.js';

/** Decodes its input and encodes its answer. */
function stamp(entry: string): Promise<string> {
  return Promise.resolve(`${entry} ${activityInfo().taskQueue}`);
}

async function main(): Promise<void> {
  const [address = '', config = '', taskQueue = ''] = process.argv.slice(2);
  const t = open(config);
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    dataConverter: t.dataConverter,
    workflowBundle: bundle('tdc'),
    activities: { ...local, Stamp: stamp },
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

void main();
