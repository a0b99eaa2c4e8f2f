// Makes many calls of every kind and says how much the process has grown: node --expose-gc
// --max-semi-space-size=2 memory-body.js CALLS

import type { Payload } from '@temporalio/common';
import { parse, TdcError } from 'temporal-tdc';
import { ENCRYPT } from './support.js';

const calls = Number(process.argv[2]);
const HOST_KEYS = 'version: 1\ncodecs: [encrypt]\nkeys: { primary: far, host: true }\n';

function payload(size: number): Payload[] {
  return [{ metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.alloc(size, 1) }];
}

async function main(): Promise<void> {
  const { payloadCodec } = parse(ENCRYPT);
  // Lists that are compressed go to libuv's threads.
  const { payloadCodec: compressing } = parse('version: 1\ncodecs: [zstd]');
  const [tiny, medium, large] = [payload(64), payload(20 * 1024), payload(300 * 1024)];
  const list = Array.from({ length: 32 }, () => payload(64)[0] as Payload);
  const [encoded, encodedMedium] = await Promise.all(
    [tiny, medium].map((p) => payloadCodec.encode(p)),
  );
  const broken = [
    { ...encoded?.[0], data: encoded?.[0]?.data?.map((byte) => byte ^ 1) },
  ] as Payload[];

  const some = async (at: number): Promise<void> => {
    await payloadCodec.encode(tiny);
    await payloadCodec.decode(encoded as Payload[]);
    if (at % 50 === 0) {
      await payloadCodec.decode(await payloadCodec.encode(list));
      await payloadCodec.encode(medium);
      await payloadCodec.decode(encodedMedium as Payload[]);
      await payloadCodec.decode(broken).catch((error: unknown) => {
        if (!(error instanceof TdcError)) throw error;
      });
    }
    if (at % 1000 === 0) {
      await payloadCodec.decode(await payloadCodec.encode(large));
      await compressing.decode(await compressing.encode(large));
      const own = parse(HOST_KEYS, '', { keyProvider: () => Promise.resolve(Buffer.alloc(32)) });
      await own.payloadCodec.encode(tiny);
      own.close();
    }
  };
  // What V8, the allocator and the kernel keep goes up and down by steps of up to 2 MiB (a huge
  // page), so the lowest of three looks counts, and then the median of six growths: a leak is in
  // each of them, a step in one.
  const looks: number[] = [];
  for (let look = -2; look < 21; look++) {
    for (let at = 0; at < calls / 20; at += 2) await some(at);
    if (look >= 0) looks.push(resident());
  }
  const lows = Array.from({ length: 7 }, (_, at) => Math.min(...looks.slice(3 * at, 3 * at + 3)));
  const growths = lows.slice(1).map((low, at) => low - (lows[at] ?? low));
  const [, , third = 0, fourth = 0] = growths.sort((a, b) => a - b);
  const grown = 3 * (third + fourth);
  console.log(JSON.stringify({ grown }));
}

function resident(): number {
  for (let round = 0; round < 3; round++) gc?.();
  return process.memoryUsage.rss();
}

void main();
