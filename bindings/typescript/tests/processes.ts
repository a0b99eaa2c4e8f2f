// What tests of whole processes share: a program that is run, and an installation of the package to
// break.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

const installed = dirname(require.resolve('temporal-tdc/package.json'));
const modules = dirname(installed);

/** How a program ended, and what it wrote. */
export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Runs Node.js with these arguments, in a folder and with more variables of the environment. */
export function run(
  args: string[],
  { cwd, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 300_000 };
    const child = spawn(process.execPath, args, options);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ status, signal, out, err });
    });
  });
}

const SCOPE = '@temporal-tdc';

/** The name of the native package that is installed. */
export function nativeName(): string {
  const [platform] = readdirSync(join(modules, SCOPE));
  if (platform === undefined) throw new Error(`no native package in ${modules}`);
  return `${SCOPE}/${platform}`;
}

/** A folder with a copy of the packages that are named, and everything else that they need. */
export function installation(context: TestContext, packages: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tdc-test-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'node_modules'));
  const place = (name: string): string => join(folder, 'node_modules', name);
  for (const name of packages) {
    cpSync(join(modules, name), place(name), { recursive: true, dereference: true });
  }
  for (const name of readdirSync(modules)) {
    if (name !== 'temporal-tdc' && name !== SCOPE) symlinkSync(join(modules, name), place(name));
  }
  return folder;
}
