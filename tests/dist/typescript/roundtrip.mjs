// Encodes a text into a file of payloads as JSON, or prints the texts that such a file holds:
// node roundtrip.mjs encode|decode CONFIG FILE [TEXT]

import { readFileSync, writeFileSync } from 'node:fs';
import { defaultPayloadConverter } from '@temporalio/common';
import { open } from 'temporal-tdc';

const [operation, config, file, ...texts] = process.argv.slice(2);
const tdc = open(config);

const toJson = ({ metadata, data }) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data).toString('base64'),
});
const fromJson = ({ metadata, data }) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
  ),
  data: Buffer.from(data, 'base64'),
});

if (operation === 'encode') {
  const encoded = await tdc.payloadCodec.encode(
    texts.map((text) => defaultPayloadConverter.toPayload(text)),
  );
  writeFileSync(file, JSON.stringify({ payloads: encoded.map(toJson) }));
} else {
  const { payloads } = JSON.parse(readFileSync(file, 'utf8'));
  for (const payload of await tdc.payloadCodec.decode(payloads.map(fromJson))) {
    console.log(defaultPayloadConverter.fromPayload(payload));
  }
}
tdc.close();
