// The payload codec: the SDK's interface on one side, the library's calls on the other.

import type { Payload, PayloadCodec } from '@temporalio/common';
import { type Context, encodeContext } from './context.js';
import { closedError, TdcError } from './errors.js';
import { type Host } from './host.js';
import { LEFT, UNCHANGED } from './native.js';
import { OwnConverters } from './own-converters.js';
import {
  decodePayload,
  decodePayloads,
  encodePayloads,
  payloadSize,
  writePayload,
} from './payloads.js';

/** One payload of so many bytes takes the quick way: through memory that stays. */
const QUICK = 16 * 1024;

/** More than a chain adds to a quick payload; what needs still more goes the other way. */
const ROOM = 4 * 1024;

const input = Buffer.alloc(QUICK);
const output = Buffer.alloc(QUICK + ROOM);

/** `tdc` as a codec of the SDK. */
export class Codec implements PayloadCodec {
  private readonly own: OwnConverters;

  constructor(private readonly host: Host) {
    this.own = new OwnConverters(host);
  }

  encode(payloads: Payload[], context?: Context): Promise<Payload[]> {
    return this.convert(true, payloads, context);
  }

  decode(payloads: Payload[], context?: Context): Promise<Payload[]> {
    return this.convert(false, payloads, context);
  }

  private async convert(
    encode: boolean,
    payloads: Payload[],
    context?: Context,
  ): Promise<Payload[]> {
    const place = encodeContext(context);
    const { hasOwnConverters } = this.host.handle;
    if (encode && hasOwnConverters) payloads = await this.own.toPayloads(payloads, place);
    const coded =
      this.quick(encode, payloads, place) ?? (await this.whole(encode, payloads, place));
    return !encode && hasOwnConverters ? this.own.fromPayloads(coded, place) : coded;
  }

  /** Converts one small payload that needs nothing of the host. */
  private quick(encode: boolean, payloads: Payload[], context: Buffer): Payload[] | undefined {
    const [payload] = payloads;
    if (payload === undefined || payloads.length !== 1) return undefined;
    const size = payloadSize(payload);
    if (size > QUICK || this.host.closed) return undefined;
    writePayload(input, 0, payload);
    let length = this.host.handle.quick(encode, context, input.subarray(0, size), output);
    if (length === UNCHANGED) return [payload];
    if (length < 0) return undefined;
    if (length >= LEFT) {
      length -= LEFT;
      this.host.answerWhatIsLeft(this.host.handle.takeLeft());
    }
    return [decodePayload(Buffer.from(output.subarray(0, length)))];
  }

  private async whole(encode: boolean, payloads: Payload[], context: Buffer): Promise<Payload[]> {
    if (this.host.closed) throw closedError();
    if (payloads.length === 0) return [];
    const operation = encode ? 'encode' : 'decode';
    const message = await this.host.run({ operation, context, input: encodePayloads(payloads) });
    try {
      return decodePayloads(message);
    } catch (cause) {
      // The library looks no further into a decoded payload than it must.
      throw new TdcError('the contents are not a valid Payload', {
        code: 'TDC_ERR_PROTOBUF',
        number: 101,
        cause,
      });
    }
  }
}
