import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporal } from '@temporalio/proto';

/** The repository. */
export const root = process.env['TDC_ROOT'] ?? '';

/** 32 bytes, in the documents of tests. */
export const KEY = Buffer.from('test-key-test-key-test-key-test!');

/** A configuration that encrypts. */
export const ENCRYPT = `version: 1
codecs: [encrypt]
keys:
  primary: test-key-id
  ring:
    test-key-id: { insecure_inline: ${KEY.toString('base64')} }
`;

/** A configuration that compresses as well: its large calls are on libuv's threads. */
export const COMPRESS = ENCRYPT.replace('[encrypt]', '[zstd, encrypt]');

const dist = join(dirname(require.resolve('temporal-tdc/package.json')), 'dist');

interface Work {
  operation: string;
  context: Buffer;
  input: Buffer;
}

interface Host {
  run(work: Work): Promise<Buffer>;
}

interface Call {
  tryNow(): unknown;
  requests(this: Call): Buffer;
  answer(answers: Buffer): object | null;
}

interface Internals {
  Host: new (handle: object) => Host;
  addon(): {
    parse(document: string, baseDir: string, namespace: string): object;
    Call: {
      new (handle: object, operation: string, context: Buffer, input: Buffer): Call;
      prototype: Call;
    };
  };
  addonFile(): string;
  libraryError(failure: object): Error;
  readRequests(message: Buffer): object[];
  answer(request: object | undefined, kind: number, value: Buffer): object;
  writeAnswers(answers: object[]): Buffer;
}

/** A module of the package that its exports do not name. */
function internals(...names: string[]): Internals {
  return Object.assign(
    {},
    ...names.map((name) => require(join(dist, name)) as object),
  ) as Internals;
}

/** The library by raw bytes, for inputs that the SDK's types cannot hold. */
export function rawLibrary(
  document: string,
  namespace: string,
): (operation: string, input: Buffer) => Promise<Buffer> {
  const internal = internals('host.js', 'native.js', 'errors.js', 'requests.js');
  const { Host, addon, libraryError } = internal;
  const handle = addon().parse(document, '', namespace);
  if ('number' in handle) throw libraryError(handle);
  const host = new Host(handle);
  const context = Buffer.alloc(0);
  return (operation, input) =>
    operation === 'provideDescriptor'
      ? provideDescriptor(internal, handle, input)
      : host.run({ operation, context, input });
}

/** The addon's file. */
export function addonFile(): string {
  return internals('native.js').addonFile();
}

/** Keeps what JavaScript sees of requests. */
export function watchRequests(): { seen: Buffer[]; stop: () => void } {
  const { prototype } = internals('native.js').addon().Call;
  const { requests } = prototype;
  const seen: Buffer[] = [];
  prototype.requests = function (this: Call) {
    const message = requests.call(this);
    seen.push(Buffer.from(message));
    return message;
  };
  return { seen, stop: () => (prototype.requests = requests) };
}

/** Hands a descriptor set in, as the answer for a type that no program has. */
async function provideDescriptor(
  { addon, libraryError, readRequests, answer, writeAnswers }: Internals,
  handle: object,
  files: Buffer,
): Promise<Buffer> {
  const { Payloads } = temporal.api.common.v1;
  const metadata = {
    encoding: Buffer.from('binary/protobuf'),
    messageType: Buffer.from('app.v1.Nothing'),
  };
  const value = Buffer.from(Payloads.encode({ payloads: [{ metadata }] }).finish());
  const call = new (addon().Call)(handle, 'toPayload', Buffer.alloc(0), value);
  call.tryNow();
  const [request] = readRequests(call.requests());
  const refused = call.answer(writeAnswers([answer(request, 4, files)]));
  if (refused !== null) throw libraryError(refused);
  return Promise.resolve(Buffer.alloc(0));
}

/** One vector; `vectors/README.md` says what the fields are. */
export interface Vector {
  name: string;
  config: string;
  namespace?: string;
  operation: string;
  input?: string;
  expect: {
    payloads?: string;
    message?: string;
    error?: string;
    payload_index?: number;
    encodings?: (string | null)[];
    external_sizes?: number[][];
  };
}

/** All vectors. */
export function vectors(): Vector[] {
  const folder = join(root, 'vectors');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => {
      const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { vectors: Vector[] };
      return file.vectors;
    });
}
