// What the SDK itself says of records, or tdc: a record is a payload whose metadata say what its
// data are.

import type { LoadedDataConverter, Payload } from '@temporalio/common';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow';
import type { Tdc } from 'temporal-tdc';
import { readFailure, writeFailure } from './failures.js';
import { visit } from './messages.js';
import { readHistory, readJson, writeJson } from './protobuf-json.js';
import { readValue, writeValue } from './values.js';

type Answer = (converter: LoadedDataConverter, record: Payload) => Promise<Uint8Array> | Uint8Array;

const ANSWERS: Record<string, Answer> = {
  'visit-payloads': (_, record) => visit(record),
  'write-values': writeValue,
  'read-values': readValue,
  'write-failures': writeFailure,
  'read-failures': readFailure,
  'write-json': (_, record) => writeJson(record),
  'read-json': (_, record) => readJson(record),
  'read-history': (_, record) => readHistory(record),
};

/** Answers every record; one that cannot be answered becomes its error. */
export async function answer(operation: string, records: Payload[], tdc?: Tdc): Promise<Payload[]> {
  const ask = ANSWERS[operation];
  if (ask === undefined) throw new Error(`unknown operation ${operation}`);
  const converter = load(tdc);
  const answers: Payload[] = [];
  for (const record of records) {
    try {
      answers.push({ data: await ask(converter, record) });
    } catch (error) {
      answers.push({ metadata: { error: Buffer.from(String(error)) } });
    }
  }
  return answers;
}

/** As a client and a worker load it. */
function load(tdc?: Tdc): LoadedDataConverter {
  if (tdc !== undefined) {
    const payloadConverterPath = require.resolve('./raw-converter.js');
    return loadDataConverter({ ...tdc.dataConverter, payloadConverterPath });
  }
  return loadDataConverter({
    payloadConverterPath: require.resolve('./sdk-converter.js'),
    failureConverterPath: require.resolve('./sdk-converter.js'),
  });
}
