// The payload codec: the SDK's interface on one side, the library's calls on the other.

import type { Payload, PayloadCodec } from '@temporalio/common';
import { type Context, encodeContext } from './context.js';
import { closedError, TdcError } from './errors.js';
import { type Host } from './host.js';
import { OwnConverters } from './own-converters.js';
import { decodePayloads, encodePayloads } from './payloads.js';
import { Quick } from './quick.js';

/** `tdc` as a codec of the SDK. */
export class Codec implements PayloadCodec {
  private readonly own: OwnConverters;
  private readonly quick: Quick;

  constructor(private readonly host: Host) {
    this.own = new OwnConverters(host);
    this.quick = new Quick(host);
  }

  async encode(payloads: Payload[], context?: Context): Promise<Payload[]> {
    const place = encodeContext(context);
    return this.quickly(true, payloads, place) ?? this.encodeWhole(payloads, place);
  }

  async decode(payloads: Payload[], context?: Context): Promise<Payload[]> {
    const place = encodeContext(context);
    return this.quickly(false, payloads, place) ?? this.decodeWhole(payloads, place);
  }

  private quickly(encode: boolean, payloads: Payload[], context: Buffer): Payload[] | undefined {
    if (this.host.closed) throw closedError();
    return this.quick.convert(encode, payloads, context);
  }

  private async encodeWhole(payloads: Payload[], context: Buffer): Promise<Payload[]> {
    const own = this.host.handle.hasOwnConverters;
    if (own) payloads = await this.own.toPayloads(payloads, context);
    return this.whole('encode', payloads, context);
  }

  private async decodeWhole(payloads: Payload[], context: Buffer): Promise<Payload[]> {
    const decoded = await this.whole('decode', payloads, context);
    const own = this.host.handle.hasOwnConverters;
    return own ? this.own.fromPayloads(decoded, context) : decoded;
  }

  private async whole(
    operation: 'encode' | 'decode',
    payloads: Payload[],
    context: Buffer,
  ): Promise<Payload[]> {
    if (payloads.length === 0) return [];
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
