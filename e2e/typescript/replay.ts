// Hands histories to the SDK's own replayer, with its default data converter or, where a config is
// given, with tdc's.
//
// usage: replay.js CONFIG FILE... CONFIG: - for none. Prints for each file what went wrong, or
// nothing, as JSON.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import { DefaultLogger, type ReplayWorkerOptions, Runtime, Worker } from '@temporalio/worker';
import { open } from 'temporal-tdc';
import { bundle } from './bundles.js';

const { History } = temporal.api.history.v1;
type History = temporal.api.history.v1.IHistory;

async function main(): Promise<void> {
  const [config, ...files] = process.argv.slice(2);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const options: ReplayWorkerOptions =
    config === undefined || config === '-'
      ? { workflowBundle: bundle('default') }
      : { workflowBundle: bundle('tdc'), dataConverter: open(config).dataConverter };
  const answers = Object.fromEntries(files.map((file) => [basename(file), 'not replayed']));
  for await (const { workflowId, error } of Worker.runReplayHistories(options, all(files))) {
    // Each file has one history, which this names.
    answers[workflowId] = error === undefined ? '' : String(error);
  }
  console.log(JSON.stringify(answers));
}

async function* all(files: string[]): AsyncGenerator<{ workflowId: string; history: History }> {
  for (const file of files) yield { workflowId: basename(file), history: await historyOf(file) };
}

async function historyOf(file: string): Promise<History> {
  const contents = await readFile(file);
  if (file.endsWith('.pb')) return historyOfExport(contents);
  const document = JSON.parse(contents.toString()) as { items?: { history: unknown }[] };
  return historyFromJSON(document.items?.[0]?.history ?? document);
}

/**
 * The history of a `temporal.api.export.v1.WorkflowExecutions` of one, which this SDK does not
 * have: both fields are 1.
 */
function historyOfExport(contents: Buffer): History {
  return History.decode(firstField(firstField(contents)));
}

function firstField(message: Buffer): Buffer {
  if (message[0] !== 0x0a) throw new Error('expected field 1');
  let [length, at] = [0, 1];
  for (let scale = 1; ; scale *= 128) {
    const byte = message.readUInt8(at++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return message.subarray(at, at + length);
  }
}

void main();
