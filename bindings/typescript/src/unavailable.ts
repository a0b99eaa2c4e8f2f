// The replacement for this package in a browser or a workflow bundle.

const message =
  'temporal-tdc needs Node.js: import it in the program that makes the Client or the Worker, and not in workflow ' +
  'code or a browser. In a workflow bundle, temporal-tdc/failure-converter is the only part that works.';

/** Says where it belongs. */
export function open(): never {
  throw new Error(message);
}

/** Says where it belongs. */
export function parse(): never {
  throw new Error(message);
}

/** Nothing here makes one. */
export class TdcError extends Error {}

/** Nothing here throws one. */
export class KeyServiceError extends Error {}
