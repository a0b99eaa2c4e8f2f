// A process that ends during calls ends as it would have without them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './processes.js';

const ENDINGS: [how: string, status: number, error: RegExp][] = [
  ['at-once', 7, /^$/],
  ['soon', 7, /^$/],
  ['in-a-call', 7, /^$/],
  ['thrown', 1, /the program failed/],
  // A promise that is never settled keeps no process.
  ['by-itself', 0, /^$/],
];

// Node.js itself may hang at its end while V8 compiles on a thread (nodejs/node#54918).
const NO_COMPILERS = ['--no-opt', '--no-sparkplug', '--no-maglev'];

for (const [how, expected, error] of ENDINGS) {
  test(`a process ends ${how} with calls in flight`, async () => {
    for (let round = 0; round < 3; round++) {
      const body = [...NO_COMPILERS, join(__dirname, 'exit-body.js'), how];
      const { status, signal, err } = await run(body);
      assert.deepEqual([status, signal], [expected, null], err);
      assert.match(err, error);
    }
  });
}
