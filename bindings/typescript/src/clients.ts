// The clients of key services in the library libtdc_keys: where the library is looked for, and when
// the addon calls them.

import { dirname, join } from 'node:path';
import { addon, addonFile, type Call, type Failure } from './native.js';
import { Semaphore } from './semaphore.js';

const NAMES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['libtdc_keys.0.dylib', 'libtdc_keys.dylib'],
  win32: ['tdc_keys.dll'],
};

/** Asks the clients. */
export class Clients {
  private readonly semaphore = new Semaphore(16);

  /** Answers a call's requests to key services; returns an error, if any. */
  answer(call: Call): Promise<Failure | null> {
    return this.semaphore.run(async () => {
      const missing = load();
      return missing === undefined ? call.askClients() : call.failKeyRequests(missing);
    });
  }

  /** Answers the requests that a finished call left. Nothing waits for it. */
  renew(call: Call): void {
    if (load() === undefined) call.renew();
  }
}

/**
 * Loads the library, unless it is loaded; returns why it cannot be loaded. It is loaded on this
 * thread: the library reads the environment when it is opened, and only this thread writes to it.
 */
function load(): string | undefined {
  const named = process.env['TDC_KEYS_LIBRARY'];
  const problem = addon().loadClients(named ? [named] : candidates());
  if (problem === null) return undefined;
  return (
    problem ||
    'the library libtdc_keys, which has the clients of key services, could not be loaded: install it where the system ' +
      'finds shared libraries or beside the addon of temporal-tdc, or name its file in TDC_KEYS_LIBRARY, or pass ' +
      'keyService to open'
  );
}

/** Beside the addon, and where the system looks: installed, and as cargo builds it. */
function candidates(): string[] {
  const names = NAMES[process.platform] ?? ['libtdc_keys.so.0', 'libtdc_keys.so'];
  const folder = dirname(addonFile());
  return [...names.map((name) => join(folder, name)), ...names];
}
