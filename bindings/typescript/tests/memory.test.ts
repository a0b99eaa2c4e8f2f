// Calls leave nothing behind. TDC_TEST_CALLS=10000000 makes as many as a busy worker does in a day.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from './processes.js';

const CALLS = Number(process.env['TDC_TEST_CALLS'] ?? 1_000_000);

/** Some 5 bytes a call. */
const ALLOWED = 4 << 20;

/** Else V8 takes 16 MiB more for young objects when it likes to. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=2'];

/** Else glibc keeps an arena for each thread, and takes longer to fill them all. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

test(`${CALLS} calls do not make the process grow`, async () => {
  const body = join(__dirname, 'memory-body.js');
  const { status, out, err } = await run([...FLAGS, body, String(CALLS)], { env: ENVIRONMENT });
  assert.equal(status, 0, err);
  const { grown } = JSON.parse(out) as { grown: number };
  assert.ok(grown < ALLOWED, `the process has grown by ${grown} bytes`);
});
