// The addon: its interface, and how the one for this platform is found.

import { createRequire } from 'node:module';
import { version } from './version.js';

/** What went wrong in a call of the library. */
export interface Failure {
  number: number;
  code: string;
  message: string;
  index?: number | null;
  transient: boolean;
}

/** `Handle.quick`: the payload stays as it is. */
export const UNCHANGED = -1;
/** `Handle.quick`: the result did not fit, `Handle.owned` has it. */
export const OWNED = -3;

/** `Handle.quick` adds it to a length if `Handle.takeLeft` has a call to return. */
export const LEFT = 2 ** 32;

/** An open configuration. */
export interface Handle {
  readonly hasOwnConverters: boolean;
  readonly encodesCommonAttributes: boolean;
  readonly hasHostKeys: boolean;
  readonly hasRemote: boolean;
  readonly onlyEncrypts: boolean;
  close(): void;
  reload(): Failure | null;
  /** The call of the last `quick`, where its result said `LEFT`. */
  takeLeft(): Call | null;
  /** Memory that `quick` reads contexts and payloads from. */
  lend(input: Uint8Array): void;
  quick(
    encode: boolean,
    isFirst: boolean,
    context: number,
    payload: number,
    out: Uint8Array,
    at: number,
  ): number;
  quickWith(
    encode: boolean,
    isFirst: boolean,
    context: number,
    head: number,
    data: Uint8Array,
    out: Uint8Array,
  ): number;
  owned(): Buffer;
}

/** One call, from the first try to its end. */
export interface Call {
  /** Has it follow references to stored objects when it decodes. */
  follow(): void;
  tryNow(): Failure | null;
  tryOnPool(): Promise<Failure | null>;
  hasRequests(): boolean;
  requests(): Buffer;
  answer(answers: Uint8Array): Failure | null;
  output(): Buffer;
  restart(): void;
  keyQuestion(): string | null;
  failKeyRequests(reason: string): Failure | null;
  /** The call must not be used until the promise is settled. */
  askClients(): Promise<Failure | null>;
  renew(): void;
}

/** What a call does. */
export type Operation =
  | 'encode'
  | 'decode'
  | 'toPayload'
  | 'fromPayload'
  | 'encodeFailure'
  | 'decodeFailure'
  | 'encodeMessage'
  | 'decodeMessage'
  | 'decodeHistory';

interface Addon {
  version(): string;
  /** If none loads, returns the reason for the one that exists, or an empty string. */
  loadClients(files: string[]): string | null;
  open(path: string, namespace: string): Handle | Failure;
  parse(document: string, baseDir: string, namespace: string): Handle | Failure;
  Call: new (
    handle: Handle,
    operation: Operation,
    context: Uint8Array,
    input: Uint8Array,
    messageType?: string,
    headers?: boolean,
  ) => Call;
}

let loaded: Addon | undefined;

/** The addon of this platform, loaded at the first use. */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

/** Where it is. */
export function addonFile(): string {
  return createRequire(__filename).resolve(nativePackage());
}

/** The name of the native package. Linux packages are for one C library. */
export function nativePackage(): string {
  return `@temporal-tdc/${platform()}`;
}

function platform(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `${platform}-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `${platform}-${arch}-${report.header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

function load(): Addon {
  const name = nativePackage();
  let found: Addon;
  try {
    found = createRequire(__filename)(name) as Addon;
  } catch (cause) {
    throw new Error(
      `temporal-tdc: cannot load the native package ${name} for Node.js ${process.version}: ` +
        'install it beside temporal-tdc in the same version (npm leaves it out with --omit=optional, ' +
        'or when node_modules was copied from another platform)',
      { cause },
    );
  }
  const installed = found.version();
  if (installed !== version) {
    throw new Error(
      `temporal-tdc ${version} found ${name} ${installed}: install the same version of both`,
    );
  }
  return found;
}
