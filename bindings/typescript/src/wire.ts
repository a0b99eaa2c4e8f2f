// Protobuf's wire format, as far as the messages here need it.

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** A field: a number for a varint, bytes for anything with a length; others are left out. */
export type Field = readonly [number: number, value: number | Buffer];

/**
 * The fields of a message that the library wrote. Values that are views live as long as `message`.
 */
export function* fields(message: Buffer): Generator<Field> {
  const reader = new Reader(message);
  while (!reader.done) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT:
        yield [number, reader.varint()];
        break;
      case LENGTH_DELIMITED:
        yield [number, reader.bytes()];
        break;
      case FIXED64:
        reader.skip(8);
        break;
      case FIXED32:
        reader.skip(4);
        break;
      default:
        throw malformed();
    }
  }
}

/** Reads a message from its start to its end; throws a `RangeError` where it is malformed. */
export class Reader {
  position = 0;
  end: number;
  /** Where the message is: a Buffer computes it each time. */
  readonly buffer: ArrayBufferLike;
  readonly offset: number;

  constructor(readonly message: Buffer) {
    this.end = message.length;
    this.buffer = message.buffer;
    this.offset = message.byteOffset;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** Numbers that JavaScript cannot hold exactly are rounded: no length is one. */
  varint(): number {
    const { message } = this;
    let value = 0;
    for (let scale = 1; this.position < this.end; scale *= 128) {
      const byte = message[this.position++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  /** A varint that is exact. */
  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; this.position < this.end; shift += 7n) {
      const byte = this.message[this.position++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw malformed();
  }

  /** Reads a length and skips as many bytes; returns where they begin. */
  span(): number {
    const length = this.varint();
    return this.skip(length);
  }

  /** A view of the bytes after a length. */
  bytes(): Buffer {
    const start = this.span();
    return this.message.subarray(start, this.position);
  }

  /** Skips the value of an unknown field; a group contains other fields. */
  skipField(tag: number): void {
    let groups = 0;
    for (;;) {
      const type = tag % 8;
      if (type === VARINT) this.varint();
      else if (type === FIXED64) this.skip(8);
      else if (type === LENGTH_DELIMITED) this.span();
      else if (type === FIXED32) this.skip(4);
      else if (type === START_GROUP) groups++;
      else if (type !== END_GROUP || groups-- === 0) throw malformed();
      if (groups === 0) return;
      tag = this.varint();
    }
  }

  skip(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw malformed();
    this.position = start + length;
    return start;
  }
}

/** The bytes of a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a varint and returns the position after it. */
export function writeVarint(out: Buffer, position: number, value: number): number {
  let rest = value;
  while (rest >= 128) {
    out[position++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[position++] = rest;
  return position;
}

/** A field that is a number; 0 is left out. */
export function intField(number: number, value: number): Buffer {
  if (value === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(1 + varintSize(value));
  writeVarint(field, writeVarint(field, 0, number * 8 + VARINT), value);
  return field;
}

/** A field that is bytes, a string or a message. */
export function bytesField(number: number, value: Uint8Array): Buffer {
  const field = Buffer.alloc(1 + varintSize(value.length) + value.length);
  writeBytes(field, 0, number, value);
  return field;
}

/** Writes a field that is bytes, a string or a message, and returns the position after it. */
export function writeBytes(
  out: Buffer,
  position: number,
  number: number,
  value: Uint8Array,
): number {
  const size = writeVarint(out, position, number * 8 + LENGTH_DELIMITED);
  const start = writeVarint(out, size, value.length);
  out.set(value, start);
  return start + value.length;
}

/** A string field; an empty one is left out. */
export function textField(number: number, value: string | null | undefined): Buffer {
  return value ? bytesField(number, Buffer.from(value)) : Buffer.alloc(0);
}

function malformed(): RangeError {
  return new RangeError('the message is malformed');
}
