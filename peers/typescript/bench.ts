// tdc and its peers, alternating in one run: medians, a table, and a line of JSON for each case.
//
// node --expose-gc bench.js [--quick] [--cpu] [--size BYTES] OUT.jsonl --cpu: CPU time of the
// process

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { parse } from 'temporal-tdc';
import { SampleCodec } from './sample.js';
import { type Calls, type Clock, cpuTime, medians, wallTime } from './timing.js';
import { TunedCodec } from './tuned.js';

const SIZES = [64, 1024, 8 * 1024, 64 * 1024, 1024 * 1024];
const BATCHES = [1, 32];
const KEY_ID = 'bench-key';

/** Measures cases; prints them and writes them down. */
class Report {
  constructor(
    private readonly out: string,
    private readonly seconds: number,
    private readonly clock: Clock,
  ) {
    writeFileSync(out, '');
    console.log(row('codec', 'op', 'size', 'batch', 'tdc ns', 'peer', 'peer ns', 'ratio'));
  }

  /** Measures one case, of which tdc is the first. */
  async measure(
    op: string,
    codec: string,
    size: number,
    batch: number,
    calls: Calls,
  ): Promise<void> {
    const found = await medians(calls, this.seconds, this.clock);
    const tdc = (found['tdc'] as number) / batch;
    for (const peer of Object.keys(found).filter((name) => name !== 'tdc')) {
      const nanos = (found[peer] as number) / batch;
      const line = {
        lang: 'node',
        op,
        codec,
        size,
        batch,
        tdc_ns: Math.round(tdc),
        peer,
        peer_ns: Math.round(nanos),
        ratio: Number((nanos / tdc).toFixed(3)),
      };
      appendFileSync(this.out, `${JSON.stringify(line)}\n`);
      console.log(
        row(codec, op, size, batch, tdc.toFixed(0), peer, nanos.toFixed(0), line.ratio.toFixed(2)),
      );
    }
  }
}

function row(...cells: (string | number)[]): string {
  const widths = [-13, -7, 8, 5, 10, 11, 10, 7];
  return cells
    .map((cell, at) => {
      const width = widths[at] as number;
      return width < 0 ? String(cell).padEnd(-width) : String(cell).padStart(width);
    })
    .join(' ');
}

/** Measures encode and decode of codecs, each with payloads of its own. */
async function runCodecs(
  report: Report,
  codec: string,
  codecs: Record<string, PayloadCodec>,
  plain: Payload[],
  size: number,
): Promise<void> {
  const encode: Calls = {};
  const decode: Calls = {};
  for (const [name, own] of Object.entries(codecs)) {
    const encoded = await own.encode(plain);
    assert.deepEqual(bytesOf(await own.decode(encoded)), bytesOf(plain), name);
    encode[name] = () => own.encode(plain);
    decode[name] = () => own.decode(encoded);
  }
  await report.measure('encode', codec, size, plain.length, encode);
  await report.measure('decode', codec, size, plain.length, decode);
}

/** They read each other's payloads. */
async function requireOneForm(
  codecs: Record<string, PayloadCodec>,
  plain: Payload[],
): Promise<void> {
  const encoded = await (codecs['sample'] as PayloadCodec).encode(plain);
  for (const [name, codec] of Object.entries(codecs)) {
    assert.deepEqual(bytesOf(await codec.decode(encoded)), bytesOf(plain), name);
  }
}

/** A configuration that encrypts with one key, or with data keys that it wraps. */
function encrypting(source: object): PayloadCodec {
  const keys = { primary: KEY_ID, ring: { [KEY_ID]: source } };
  return parse(JSON.stringify({ version: 1, keys, codecs: ['encrypt'] })).payloadCodec;
}

/** Codecs may give any kind of `Uint8Array`. */
function bytesOf(payloads: Payload[]): unknown {
  return payloads.map(({ metadata, data }) => [
    Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value)]),
    Buffer.from(data ?? []),
  ]);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      cpu: { type: 'boolean', default: false },
      size: { type: 'string' },
    },
    allowPositionals: true,
  });
  const [out] = positionals;
  if (out === undefined)
    throw new Error('usage: bench.js [--quick] [--cpu] [--size BYTES] OUT.jsonl');
  const key = randomBytes(32);
  const source = { insecure_inline: key.toString('base64') };
  const encrypt = encrypting(source);
  const codecs = {
    tdc: encrypt,
    sample: new SampleCodec(KEY_ID, key),
    tuned: new TunedCodec(KEY_ID, key),
  };
  const envelopes = { tdc: encrypting({ ...source, envelope: true }), encrypt };
  const clock = values.cpu ? cpuTime : wallTime;
  const report = new Report(out, values.quick ? 0.6 : 3, clock);
  const sizes = values.size ? [Number(values.size)] : SIZES;
  for (const size of sizes) {
    for (const batch of BATCHES) {
      const plain = Array.from({ length: batch }, () => ({
        metadata: { encoding: Buffer.from('json/plain') },
        data: randomBytes(size),
      }));
      await requireOneForm(codecs, plain);
      await runCodecs(report, 'encrypt', codecs, plain, size);
      await runCodecs(report, 'envelope', envelopes, plain, size);
    }
  }
}

void main();
