// The worker of the workflow Relay, which stores what is large by an official driver: wrapped by
// tdc, or bare.
//
// usage: relay-worker.js ADDRESS CONFIG s3|gcs ENDPOINT BUCKET wrapped|bare QUEUE

import { activityInfo } from '@temporalio/activity';
import { ExternalStorage } from '@temporalio/common/lib/converter/extstore.js';
import { open } from 'temporal-tdc';
import { driverOf } from './drivers.js';
import { serveUncached } from './uncached.js';

/** Adds the name of its queue. */
function forward(letter: string): Promise<string> {
  return Promise.resolve(`${letter} ${activityInfo().taskQueue}`);
}

const [
  address = '',
  config = '',
  store = '',
  endpoint = '',
  bucket = '',
  mode = '',
  taskQueue = '',
] = process.argv.slice(2);
const t = open(config);
const externalStorage = new ExternalStorage({ drivers: [driverOf(store, endpoint, bucket, mode)] });
const dataConverter = { ...t.dataConverter, externalStorage };
void serveUncached(t, address, { taskQueue, dataConverter, activities: { Forward: forward } });
