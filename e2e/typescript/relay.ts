// A workflow whose values are stored; Go and Python have the same one.

import { proxyActivities } from '@temporalio/workflow';

interface Helpers {
  Forward(letter: string): Promise<string>;
}

/** Hands a large letter to an activity on each queue, one after the other. */
export async function Relay(letter: string, queues: string[]): Promise<string> {
  for (const taskQueue of queues) {
    const { Forward } = proxyActivities<Helpers>({ taskQueue, startToCloseTimeout: '1 minute' });
    letter = await Forward(letter);
  }
  return letter;
}
