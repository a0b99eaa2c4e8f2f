package io.tdc;

import java.lang.foreign.MemorySegment;

/**
 * The calls on payloads and messages by the foreign function and memory API.
 *
 * <p>A <em>critical</em> call takes Java's arrays as they are and costs some nanoseconds, but until
 * it returns no thread can reach a safepoint, so the garbage collector waits for it. That is right
 * for short calls only. A large payload goes by JNI, which copies the arrays, and every other
 * thread runs on. So do failures, messages and histories, for nobody knows how much is inside.
 */
final class FfmApi extends FfmControl {
  /** What AES-GCM seals in some 5 to 15 µs: well below what any collector's pause takes. */
  private static final int CRITICAL_MAX = 64 * 1024 + 512;

  /** Converters do more for each byte: a few dozen µs. */
  private static final int CRITICAL_VALUES = 16 * 1024;

  private final NativeApi large;

  FfmApi(NativeApi large) {
    this.large = large;
  }

  @Override
  public int payload(boolean encode, long self, byte[] context, PayloadSlices in, byte[] out) {
    if (in.headLength > CRITICAL_MAX || in.dataLength > CRITICAL_MAX) {
      return large.payload(encode, self, context, in, out);
    }
    MemorySegment place = MemorySegment.ofArray(context);
    MemorySegment head = MemorySegment.ofArray(in.head).asSlice(0, in.headLength);
    MemorySegment data = MemorySegment.ofArray(in.data).asSlice(in.dataOffset, in.dataLength);
    MemorySegment answer = MemorySegment.ofArray(out);
    MemorySegment written = MemorySegment.ofArray(in.result);
    MemorySegment error = written.asSlice(POINTER * WORD);
    MemorySegment usage = in.usage == null ? MemorySegment.NULL : MemorySegment.ofArray(in.usage);
    try {
      if (encode) {
        return (int)
            FfmCalls.ENCODE_PAYLOAD.invokeExact(
                self,
                place,
                place.byteSize(),
                usage,
                head,
                head.byteSize(),
                data,
                data.byteSize(),
                answer,
                answer.byteSize(),
                written,
                error);
      }
      return (int)
          FfmCalls.DECODE_PAYLOAD.invokeExact(
              self,
              place,
              place.byteSize(),
              usage,
              head,
              head.byteSize(),
              data,
              data.byteSize(),
              answer,
              answer.byteSize(),
              written,
              error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int payloads(
      boolean encode, long self, byte[] context, byte[] payloads, int length, long[] result) {
    if (length > CRITICAL_MAX) {
      return large.payloads(encode, self, context, payloads, length, result);
    }
    MemorySegment place = MemorySegment.ofArray(context);
    MemorySegment in = MemorySegment.ofArray(payloads).asSlice(0, length);
    MemorySegment slots = MemorySegment.ofArray(result);
    MemorySegment written = slots.asSlice(OWNED * WORD);
    MemorySegment error = slots.asSlice(POINTER * WORD);
    MemorySegment whole = MemorySegment.NULL;
    try {
      return encode
          ? (int)
              FfmCalls.ENCODE.invokeExact(
                  self, place, place.byteSize(), whole, in, in.byteSize(), written, error)
          : (int)
              FfmCalls.DECODE.invokeExact(
                  self, place, place.byteSize(), whole, in, in.byteSize(), written, error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int values(
      boolean back, long self, byte[] context, byte[] payloads, int length, long[] result) {
    if (length > CRITICAL_VALUES) {
      return large.values(back, self, context, payloads, length, result);
    }
    MemorySegment place = MemorySegment.ofArray(context);
    MemorySegment in = MemorySegment.ofArray(payloads).asSlice(0, length);
    MemorySegment slots = MemorySegment.ofArray(result);
    MemorySegment written = slots.asSlice(OWNED * WORD);
    MemorySegment error = slots.asSlice(POINTER * WORD);
    try {
      return back
          ? (int)
              FfmCalls.FROM_PAYLOAD.invokeExact(
                  self, place, place.byteSize(), in, in.byteSize(), written, error)
          : (int)
              FfmCalls.TO_PAYLOAD.invokeExact(
                  self, place, place.byteSize(), in, in.byteSize(), written, error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int failure(boolean encode, long self, byte[] context, byte[] failure, long[] result) {
    return large.failure(encode, self, context, failure, result);
  }

  @Override
  public int message(
      boolean encode,
      long self,
      byte[] context,
      byte[] name,
      int flags,
      byte[] message,
      long[] result) {
    return large.message(encode, self, context, name, flags, message, result);
  }

  @Override
  public int history(long self, byte[] context, byte[] history, long[] result) {
    return large.history(self, context, history, result);
  }

  @Override
  public byte[] takeOwned(long[] result) {
    long length = result[OWNED + 1];
    if (length > CRITICAL_MAX) {
      return large.takeOwned(result);
    }
    try {
      try {
        return bytesAt(result[OWNED], length);
      } finally {
        FfmCalls.BUFFER_FREE.invokeExact(MemorySegment.ofArray(result).asSlice(OWNED * WORD));
      }
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long bound(boolean encode, long self, long payloadLength) {
    try {
      return encode
          ? (long) FfmCalls.ENCODE_BOUND.invokeExact(self, payloadLength)
          : (long) FfmCalls.DECODE_BOUND.invokeExact(self, payloadLength);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}
