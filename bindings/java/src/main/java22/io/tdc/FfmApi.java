package io.tdc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import javax.annotation.Nullable;

/**
 * {@link NativeApi} by the foreign function and memory API.
 *
 * <p>A <em>critical</em> call takes Java's arrays as they are and costs some nanoseconds, but until
 * it returns no thread can reach a safepoint, so the garbage collector waits for it. That is right
 * for short calls only. A large payload goes by JNI, where the JVM pins the array's region (or, in
 * some collectors, holds back collections) and every other thread runs on.
 */
final class FfmApi implements NativeApi {
  /** What AES-GCM seals in some 5 to 15 µs: well below what any collector's pause takes. */
  private static final int CRITICAL_MAX = 64 * 1024 + 512;

  private static final long WORD = JAVA_LONG.byteSize();

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
  public int values(boolean back, long self, byte[] context, byte[] message, long[] result) {
    if (message.length > CRITICAL_MAX) {
      return large.values(back, self, context, message, result);
    }
    MemorySegment place = MemorySegment.ofArray(context);
    MemorySegment in = MemorySegment.ofArray(message);
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
  public long bound(boolean encode, long self, long payloadLength) {
    try {
      return encode
          ? (long) FfmCalls.ENCODE_BOUND.invokeExact(self, payloadLength)
          : (long) FfmCalls.DECODE_BOUND.invokeExact(self, payloadLength);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public byte[] takeOwned(long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer =
          arena.allocateFrom(JAVA_LONG, result[OWNED], result[OWNED + 1], result[OWNED + 2]);
      byte[] bytes = bytesAt(result[OWNED], result[OWNED + 1]);
      FfmCalls.BUFFER_FREE.invokeExact(buffer);
      return bytes;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int abiVersion() {
    try {
      return (int) FfmCalls.ABI_VERSION.invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public String version() {
    try {
      MemorySegment text = (MemorySegment) FfmCalls.VERSION.invokeExact();
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int open(byte[] path, @Nullable byte[] namespace, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment where = copy(arena, path);
      MemorySegment name = copy(arena, namespace);
      MemorySegment slots = arena.allocate(2 * WORD, WORD);
      int status =
          (int)
              FfmCalls.OPEN.invokeExact(
                  where, where.byteSize(), name, name.byteSize(), slots, slots.asSlice(WORD));
      return opened(status, slots, result);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int parse(byte[] document, byte[] baseDir, @Nullable byte[] namespace, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = copy(arena, document);
      MemorySegment where = copy(arena, baseDir);
      MemorySegment name = copy(arena, namespace);
      MemorySegment slots = arena.allocate(2 * WORD, WORD);
      int status =
          (int)
              FfmCalls.PARSE.invokeExact(
                  text,
                  text.byteSize(),
                  where,
                  where.byteSize(),
                  name,
                  name.byteSize(),
                  slots,
                  slots.asSlice(WORD));
      return opened(status, slots, result);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int reload(long self, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(WORD, WORD);
      int status = (int) FfmCalls.RELOAD.invokeExact(self, error);
      result[POINTER] = error.get(JAVA_LONG, 0);
      return status;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int flags(long self) {
    try {
      return (int) FfmCalls.FLAGS.invokeExact(self);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void free(long self) {
    try {
      FfmCalls.FREE.invokeExact(self);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int keyProvide(long self, byte[] id, byte[] key, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = copy(arena, id);
      MemorySegment secret = copy(arena, key);
      MemorySegment error = arena.allocate(WORD, WORD);
      int status =
          (int)
              FfmCalls.KEY_PROVIDE.invokeExact(
                  self, name, name.byteSize(), secret, secret.byteSize(), error);
      secret.fill((byte) 0);
      result[POINTER] = error.get(JAVA_LONG, 0);
      return status;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int keyReject(long self, byte[] id, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = copy(arena, id);
      MemorySegment error = arena.allocate(WORD, WORD);
      int status = (int) FfmCalls.KEY_REJECT.invokeExact(self, name, name.byteSize(), error);
      result[POINTER] = error.get(JAVA_LONG, 0);
      return status;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public boolean isTransient(int status) {
    try {
      return (byte) FfmCalls.IS_TRANSIENT.invokeExact(status) != 0;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public byte[] errorMessage(long error) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slots = arena.allocate(2 * WORD, WORD);
      FfmCalls.ERROR_MESSAGE.invokeExact(error, slots, slots.asSlice(WORD));
      return bytesAt(slots.get(JAVA_LONG, 0), slots.get(JAVA_LONG, WORD));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long errorPayloadIndex(long error) {
    try {
      return (long) FfmCalls.ERROR_PAYLOAD_INDEX.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long errorSizeNeeded(long error) {
    try {
      return (long) FfmCalls.ERROR_SIZE_NEEDED.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long errorKeyCount(long error) {
    try {
      return (long) FfmCalls.ERROR_KEY_COUNT.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public byte[] errorKeyId(long error, long index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slots = arena.allocate(2 * WORD, WORD);
      int status =
          (int) FfmCalls.ERROR_KEY_ID.invokeExact(error, index, slots, slots.asSlice(WORD));
      return status == Status.OK
          ? bytesAt(slots.get(JAVA_LONG, 0), slots.get(JAVA_LONG, WORD))
          : new byte[0];
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void errorFree(long error) {
    try {
      FfmCalls.ERROR_FREE.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static int opened(int status, MemorySegment slots, long[] result) {
    result[POINTER] = slots.get(JAVA_LONG, status == Status.OK ? 0 : WORD);
    return status;
  }

  /** A copy outside the heap; null and empty become {@code NULL, 0}, as {@code tdc.h} asks. */
  private static MemorySegment copy(SegmentAllocator arena, @Nullable byte[] bytes) {
    return bytes == null || bytes.length == 0
        ? MemorySegment.NULL
        : arena.allocateFrom(JAVA_BYTE, bytes);
  }

  private static byte[] bytesAt(long address, long length) {
    return MemorySegment.ofAddress(address).reinterpret(length).toArray(JAVA_BYTE);
  }

  /** The functions throw nothing; what is thrown is the JVM's own, out of memory for example. */
  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error) {
      throw (Error) e;
    }
    if (e instanceof RuntimeException) {
      throw (RuntimeException) e;
    }
    throw new LinkageError("a call of libtdc failed", e);
  }
}
