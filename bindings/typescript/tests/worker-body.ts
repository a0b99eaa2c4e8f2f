// Runs in a worker thread: encodes and decodes until it is told to stop, or is terminated.

import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { parse } from 'temporal-tdc';
import { COMPRESS } from './support.js';

const { rounds, size } = workerData as { rounds: number; size: number };

async function main(): Promise<void> {
  const t = parse(COMPRESS);
  const plain = {
    metadata: { encoding: Buffer.from('binary/plain') },
    data: Buffer.alloc(size, 7),
  };
  for (let round = 0; round < rounds; round++) {
    const encoded = await t.payloadCodec.encode([plain, plain]);
    const decoded = await t.payloadCodec.decode(encoded);
    for (const { data } of decoded) assert.ok(plain.data.equals(data ?? Buffer.alloc(0)));
    if (round === 0) parentPort?.postMessage('works');
  }
  t.close();
  parentPort?.postMessage('done');
}

void main();
