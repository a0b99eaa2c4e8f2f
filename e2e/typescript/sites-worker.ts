// The worker of the workflow Sites, and of an activity that others call.
//
// usage: sites-worker.js ADDRESS CONFIG QUEUE

import { activityInfo } from '@temporalio/activity';
import { open } from 'temporal-tdc';
import { local } from './activities.js';
import { serveUncached } from './uncached.js';

/** Decodes its input and encodes its answer. */
function stamp(entry: string): Promise<string> {
  return Promise.resolve(`${entry} ${activityInfo().taskQueue}`);
}

const [address = '', config = '', taskQueue = ''] = process.argv.slice(2);
void serveUncached(open(config), address, { taskQueue, activities: { ...local, Stamp: stamp } });
