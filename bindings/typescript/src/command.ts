#!/usr/bin/env node
// The command `tdc`: runs the program of this platform's native package, as if it had been called
// itself.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { nativePackage } from './native.js';

const program = find();
if (program === undefined) {
  console.error(
    `tdc: the package ${nativePackage()}, which has the command line for this platform, is not installed beside ` +
      'temporal-tdc: install temporal-tdc again, without --omit=optional',
  );
  process.exitCode = 1;
} else {
  run(program);
}

function find(): string | undefined {
  try {
    const folder = dirname(require.resolve(`${nativePackage()}/package.json`));
    const file = join(folder, process.platform === 'win32' ? 'tdc.exe' : 'tdc');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function run(program: string): void {
  const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
  // `tdc serve` is stopped and reloaded by signals; a terminal sends its own to both.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`tdc: ${program} cannot be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
