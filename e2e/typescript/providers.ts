// Key providers with the faults of a real one: one takes long, one is away the first two times it
// is asked.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { KeyProvider } from 'temporal-tdc';
import { say } from './lines.js';

/** Hands out keys after 3 s, longer than the SDKs let workflow code run without giving way. */
export function slowProvider(vault: string): KeyProvider {
  return async (id) => {
    say(`asked ${id}`);
    await setTimeout(3000);
    return read(vault, id);
  };
}

/** Hands out each key from the third time on. */
export function flakyProvider(vault: string): KeyProvider {
  const asked = new Map<string, number>();
  return (id) => {
    say(`asked ${id}`);
    const times = (asked.get(id) ?? 0) + 1;
    asked.set(id, times);
    if (times <= 2) throw new Error('the vault is away');
    return read(vault, id);
  };
}

async function read(vault: string, id: string): Promise<Buffer> {
  return Buffer.from(await readFile(join(vault, `${id}.key`), 'ascii'), 'base64');
}
