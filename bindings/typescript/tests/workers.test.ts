// Worker threads: the addon is loaded in each, and a thread may end at any time.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parse } from 'temporal-tdc';
import { COMPRESS } from './support.js';

const SMALL = 256;
/** This goes to libuv's threads. */
const LARGE = 5 * 1024 * 1024;

function start(rounds: number, size: number): Worker {
  return new Worker(join(__dirname, 'worker-body.js'), { workerData: { rounds, size } });
}

async function untilDone(worker: Worker): Promise<number> {
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  const [code] = (await once(worker, 'exit')) as [number];
  assert.deepEqual(messages, ['works', 'done']);
  return code;
}

test('several workers open and use it at once, beside the main thread', async () => {
  const workers = [SMALL, LARGE, 40 * 1024].map((size) => start(10, size));
  const ended = Promise.all(workers.map(untilDone));
  const { payloadCodec } = parse(COMPRESS);
  for (let round = 0; round < 10; round++) {
    const encoded = await payloadCodec.encode([{ data: Buffer.alloc(LARGE) }]);
    assert.equal((await payloadCodec.decode(encoded))[0]?.data?.length, LARGE);
  }
  assert.deepEqual(await ended, [0, 0, 0]);
});

test('a worker that is terminated during a call harms nobody', async () => {
  const { payloadCodec } = parse(COMPRESS);
  for (let round = 0; round < 10; round++) {
    // Without end: large calls are on libuv's threads at nearly any moment.
    const worker = start(Infinity, round % 2 === 0 ? LARGE : SMALL);
    await once(worker, 'message');
    assert.equal(await worker.terminate(), 1);
    assert.equal((await payloadCodec.encode([{ data: Buffer.alloc(LARGE) }])).length, 1);
  }
});
