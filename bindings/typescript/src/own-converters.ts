// The configuration's own `converters`, in the codec chain: no addon can be loaded where the SDK's
// converters run.

import type { Payload } from '@temporalio/common';
import { TdcError } from './errors.js';
import type { Host } from './host.js';
import { decodePayloads, encodePayloads } from './payloads.js';

/** The forms in which the SDK's converter passes values to the configuration's. */
const RAW = new Set(['binary/null', 'binary/plain', 'binary/protobuf', 'json/plain']);

/** What the configuration's converters make that the SDK's cannot read. */
const FOREIGN = new Set(['binary/msgpack']);

/** Between the SDK's payload converter and the codecs. */
export class OwnConverters {
  constructor(private readonly host: Host) {}

  toPayloads(payloads: Payload[], context: Buffer): Promise<Payload[]> {
    return this.convert('toPayload', payloads, RAW, context);
  }

  fromPayloads(payloads: Payload[], context: Buffer): Promise<Payload[]> {
    return this.convert('fromPayload', payloads, FOREIGN, context);
  }

  /** Converts what has one of the encodings; all else is another converter's, and stays. */
  private async convert(
    operation: 'toPayload' | 'fromPayload',
    payloads: Payload[],
    encodings: ReadonlySet<string>,
    context: Buffer,
  ): Promise<Payload[]> {
    const places = [...payloads.keys()].filter((at) => encodings.has(encodingOf(payloads[at])));
    if (places.length === 0) return payloads;
    const input = encodePayloads(places.map((at) => payloads[at] as Payload));
    const converted = [...payloads];
    const message = await this.host.run({ operation, context, input }).catch((error: unknown) => {
      throw moved(error, places);
    });
    decodePayloads(message).forEach((payload, at) => {
      converted[places[at] as number] = payload;
    });
    return converted;
  }
}

function encodingOf(payload: Payload | undefined): string {
  const encoding = payload?.metadata?.['encoding'];
  return encoding ? Buffer.from(encoding).toString() : '';
}

/** The same error, about the payload of the caller's list. */
function moved(error: unknown, places: number[]): unknown {
  if (!(error instanceof TdcError) || error.index === undefined) return error;
  const { code, number, transient, cause, sentence } = error;
  return new TdcError(sentence, { code, number, transient, cause, index: places[error.index] });
}
