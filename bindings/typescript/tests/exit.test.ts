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

for (const [how, expected, error] of ENDINGS) {
  test(`a process ends ${how} with calls in flight`, async () => {
    for (let round = 0; round < 3; round++) {
      const { status, signal, err } = await run([join(__dirname, 'exit-body.js'), how]);
      assert.deepEqual([status, signal], [expected, null], err);
      assert.match(err, error);
    }
  });
}
