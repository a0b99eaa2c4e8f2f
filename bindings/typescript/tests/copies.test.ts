// Two copies of the package in one process, as two dependencies of a program may bring them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import * as ours from 'temporal-tdc';
import { installation, nativeName } from './processes.js';
import { ENCRYPT } from './support.js';

test('two copies work beside each other', async (context) => {
  const folder = installation(context, ['temporal-tdc', nativeName()]);
  const load = createRequire(join(folder, 'program.js'));
  const theirs = load('temporal-tdc') as typeof ours;
  assert.notEqual(theirs.parse, ours.parse);
  const [one, other] = [ours.parse(ENCRYPT), theirs.parse(ENCRYPT)];
  const sizes = [64, 8 * 1024, 40 * 1024, 512 * 1024, 5 << 20];
  for (const size of sizes) {
    const plain = { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.alloc(size) };
    const encoded = await one.payloadCodec.encode([plain]);
    const [decoded] = await other.payloadCodec.decode(encoded);
    assert.deepEqual(Buffer.from(decoded?.data ?? []), plain.data);
  }
  // The errors of one copy are not instances of the other's classes.
  assert.throws(() => theirs.parse('version: 2'), theirs.TdcError);
  other.close();
  assert.equal((await one.payloadCodec.encode([{ data: Buffer.alloc(8) }])).length, 1);
});
