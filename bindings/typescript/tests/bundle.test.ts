// In a workflow's bundle and in a browser the package says where it belongs.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import vm from 'node:vm';
import { bundleWorkflowCode } from '@temporalio/worker';
import webpack from 'webpack';

const SENTENCE =
  /^Error: temporal-tdc needs Node\.js: import it in the program that makes the Client or the Worker/;

const logger = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const workflowsPath = join(__dirname, 'bundled-workflow.js');

interface Workflows {
  opens(): string;
  parses(): string;
}

function check({ opens, parses }: Workflows): void {
  assert.match(opens(), SENTENCE);
  assert.match(parses(), SENTENCE);
}

test('a workflow bundle has the sentence and nothing of the addon', async () => {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger });
  assert.match(code, /temporal-tdc needs Node\.js/);
  assert.doesNotMatch(code, /cannot load the native package/);
});

test('a bundle for a browser throws the sentence', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'tdc-test-'));
  context.after(() => {
    rmSync(path, { recursive: true, force: true });
  });
  await new Promise<void>((resolve, reject) => {
    const output = { path, filename: 'out.js', library: { type: 'var', name: 'found' } };
    webpack(
      { mode: 'development', devtool: false, target: 'web', entry: workflowsPath, output },
      (error, stats) => {
        if (error) reject(error);
        else if (stats?.hasErrors()) reject(new Error(stats.toString()));
        else resolve();
      },
    );
  });
  const scope: { found?: Workflows } = {};
  vm.runInNewContext(readFileSync(join(path, 'out.js'), 'utf8'), scope);
  assert.ok(scope.found);
  check(scope.found);
});
