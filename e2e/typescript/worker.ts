// The TypeScript worker of the end-to-end test.
//
// It serves three task queues in one process: "typescript" with the shared tdc.yaml, and
// "typescript-slow" and "typescript-flaky" with a configuration whose keys come from a key provider
// that is slow or fails twice. It speaks a line protocol with the test: it says "e2e: ready" once
// it polls, answers "reload" by "e2e: reloaded", lets the first attempt of Handle go on at
// "release", and ends with standard input.

import { parseArgs } from 'node:util';
import { NativeConnection, Worker } from '@temporalio/worker';
import { open } from 'temporal-tdc';
import { activities } from './activities.js';
import { bundle } from './bundles.js';
import { obey } from './lines.js';
import { flakyProvider, slowProvider } from './providers.js';

const OPTIONS = {
  address: { type: 'string', default: '' },
  config: { type: 'string', default: '' },
  'host-config': { type: 'string', default: '' },
  vault: { type: 'string', default: '' },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const { address, config, 'host-config': hostConfig, vault } = values;
  const shared = open(config);
  const slow = open(hostConfig, { keyProvider: slowProvider(vault) });
  const flaky = open(hostConfig, { keyProvider: flakyProvider(vault) });
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const connection = await NativeConnection.connect({ address });
  const workers = await Promise.all(
    Object.entries({ typescript: shared, 'typescript-slow': slow, 'typescript-flaky': flaky }).map(
      ([taskQueue, { dataConverter }]) =>
        Worker.create({
          connection,
          taskQueue,
          dataConverter,
          workflowBundle: bundle('tdc'),
          activities: activities(released),
        }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  const reload = (): void => {
    shared.reload();
  };
  await obey({ reload: ['reloaded', reload], release: ['released', release] });
  for (const worker of workers) worker.shutdown();
  await running;
  await connection.close();
  for (const t of [shared, slow, flaky]) t.close();
}

void main();
