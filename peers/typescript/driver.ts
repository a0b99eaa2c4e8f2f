// Encodes or decodes a file through the TypeScript SDK's own interface, for the conformance matrix
// and the demo:
//
//     driver --codec tdc|sample [--config PATH] [--key-file PATH --key-id ID] encode|decode IN OUT
//
// IN and OUT hold one serialised temporal.api.common.v1.Payloads. TypeScript's SDK has no zlib
// codec.
//
// It also asks the SDK itself, or tdc where a configuration is given (conformance/oracles.py):
//
//     driver descriptors OUT
//     driver visit-payloads IN OUT
//     driver [--config PATH] write-values|read-values|write-failures|read-failures IN OUT
//     driver write-json|read-json|read-history IN OUT

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { open } from 'temporal-tdc';
import { describe } from './messages.js';
import { answer } from './oracle.js';
import { SampleCodec } from './sample.js';

const { Payloads } = temporal.api.common.v1;

const OPTIONS = {
  codec: { type: 'string', default: 'tdc' },
  config: { type: 'string' },
  'key-file': { type: 'string' },
  'key-id': { type: 'string' },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [operation, ...files] = positionals;
  if (operation === 'descriptors' && files.length === 1) {
    writeFileSync(given(files[0], 'OUT'), describe());
    return;
  }
  const [input, output] = files;
  if (operation === undefined || input === undefined || output === undefined || files[2]) {
    throw new Error('expected an operation and two files, like: encode IN OUT');
  }
  const payloads = Payloads.decode(readFileSync(input)).payloads as Payload[];
  let answers: Payload[];
  if (operation === 'encode' || operation === 'decode') {
    const codec = openCodec(values);
    answers = await codec[operation](payloads);
  } else {
    answers = await answer(operation, payloads, values.config ? open(values.config) : undefined);
  }
  writeFileSync(output, Payloads.encode({ payloads: answers }).finish());
}

function openCodec(values: Partial<Record<keyof typeof OPTIONS, string>>): PayloadCodec {
  switch (values.codec) {
    case 'tdc':
      return open(given(values.config, '--config')).payloadCodec;
    case 'sample': {
      const text = readFileSync(given(values['key-file'], '--key-file'), 'ascii');
      return new SampleCodec(given(values['key-id'], '--key-id'), Buffer.from(text, 'base64'));
    }
    default:
      throw new Error(`expected the codec tdc or sample, found ${String(values.codec)}`);
  }
}

function given(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

main().catch((error: unknown) => {
  console.error(String(error));
  process.exitCode = 1;
});
