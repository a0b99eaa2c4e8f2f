// A workflow that wrongly uses the package itself, for tests/bundle.test.ts.

import { open, parse } from 'temporal-tdc';

/** Gives what the first use says. */
export function opens(): string {
  return attempt(() => open('tdc.yaml'));
}

/** Gives what the first use says. */
export function parses(): string {
  return attempt(() => parse('version: 1'));
}

function attempt(work: () => unknown): string {
  try {
    work();
    return 'no error';
  } catch (error) {
    return String(error);
  }
}
