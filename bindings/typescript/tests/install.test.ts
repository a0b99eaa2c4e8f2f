// The package as it is installed: what is missing or wrong says what to do, and both kinds of
// modules share one.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installation, nativeName, run } from './processes.js';

const OPEN = `require('temporal-tdc').parse('version: 1')`;

function replaceNative(folder: string, contents: string, file: string): void {
  const native = join(folder, 'node_modules', nativeName());
  mkdirSync(native, { recursive: true });
  writeFileSync(join(native, 'package.json'), JSON.stringify({ version: '0.0.1', main: file }));
  writeFileSync(join(native, file), contents);
}

test('a missing native package says what to install', async (context) => {
  const folder = installation(context, ['temporal-tdc']);
  const { status, err } = await run(['-e', OPEN], { cwd: folder });
  assert.equal(status, 1);
  assert.match(err, new RegExp(`cannot load the native package ${nativeName()} for Node.js v`));
  assert.match(err, /install it beside temporal-tdc in the same version/);
  assert.match(err, /MODULE_NOT_FOUND/);
});

test('a native package that is no addon is an error with its reason', async (context) => {
  const folder = installation(context, ['temporal-tdc']);
  replaceNative(folder, 'not an addon', 'tdc.node');
  const { status, err } = await run(['-e', OPEN], { cwd: folder });
  assert.equal(status, 1);
  assert.match(err, /cannot load the native package/);
  assert.match(err, /\[cause\]: Error: .*tdc\.node/);
});

test('a native package of another version is refused', async (context) => {
  const folder = installation(context, ['temporal-tdc']);
  replaceNative(folder, `exports.version = () => '0.0.1';`, 'stub.js');
  const { status, err } = await run(['-e', OPEN], { cwd: folder });
  assert.equal(status, 1);
  const found = `found ${nativeName()} 0\\.0\\.1: install the same version of both`;
  assert.match(err, new RegExp(`temporal-tdc \\d+\\.\\d+\\.\\d+ ${found}`));
});

test('the import alone needs no native package', async (context) => {
  const folder = installation(context, ['temporal-tdc']);
  const { status, err } = await run(['-e', `require('temporal-tdc')`], { cwd: folder });
  assert.deepEqual([status, err], [0, '']);
});

test('import and require give the same classes and every name', async (context) => {
  const folder = installation(context, ['temporal-tdc', nativeName()]);
  writeFileSync(
    join(folder, 'both.mjs'),
    `import assert from 'node:assert/strict';
     import { createRequire } from 'node:module';
     import * as imported from 'temporal-tdc';
     const required = createRequire(import.meta.url)('temporal-tdc');
     for (const name of Object.keys(required)) assert.equal(imported[name], required[name], name);
     assert.throws(() => imported.parse('version: 2'), required.TdcError);
     imported.parse('version: 1').close();`,
  );
  const { status, err } = await run(['both.mjs'], { cwd: folder });
  assert.deepEqual([status, err], [0, '']);
});
