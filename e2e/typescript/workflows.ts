// The workflows of this worker; Go, Python and Java have the same Echo.

import { condition, defineSignal, setHandler } from '@temporalio/workflow';

export { Relay } from './relay.js';
export { Sites } from './sites.js';

const say = defineSignal<[word: string]>('say');

/**
 * Small, but it decodes an input and signals inside workflow tasks: answers with all that was said
 * once told to close.
 */
export async function Echo(opening: string): Promise<string[]> {
  const said = [opening];
  let isClosed = false;
  setHandler(say, (word) => {
    if (word === 'close') isClosed = true;
    else said.push(word);
  });
  await condition(() => isClosed);
  return said;
}
