package io.tdc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** What a {@code tdc_error} says: of {@link NativeApi}, all that begins with {@code error}. */
abstract class FfmErrors implements NativeApi {
  static final long WORD = JAVA_LONG.byteSize();

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
    return read(FfmCalls.ERROR_MESSAGE, error);
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
  public byte[] errorTypeName(long error) {
    return read(FfmCalls.ERROR_TYPE_NAME, error);
  }

  @Override
  public byte[] errorRequestUrl(long error) {
    return read(FfmCalls.ERROR_REQUEST_URL, error);
  }

  @Override
  public byte[] errorRequestBody(long error) {
    return read(FfmCalls.ERROR_REQUEST_BODY, error);
  }

  @Override
  public long errorRequestHeaderCount(long error) {
    try {
      return (long) FfmCalls.ERROR_REQUEST_HEADER_COUNT.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public byte[] errorRequestHeader(long error, long index, boolean value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slots = arena.allocate(4 * WORD, WORD);
      int status =
          (int)
              FfmCalls.ERROR_REQUEST_HEADER.invokeExact(
                  error,
                  index,
                  slots,
                  slots.asSlice(WORD),
                  slots.asSlice(2 * WORD),
                  slots.asSlice(3 * WORD));
      long first = value ? 2 * WORD : 0;
      return status == Status.OK
          ? bytesAt(slots.get(JAVA_LONG, first), slots.get(JAVA_LONG, first + WORD))
          : new byte[0];
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int errorRequestTimeoutMs(long error) {
    try {
      return (int) FfmCalls.ERROR_REQUEST_TIMEOUT_MS.invokeExact(error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long errorRequestMaxResponse(long error) {
    try {
      return (long) FfmCalls.ERROR_REQUEST_MAX_RESPONSE.invokeExact(error);
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

  /** What a function writes that gives bytes by two slots. */
  private static byte[] read(MethodHandle getter, long error) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slots = arena.allocate(2 * WORD, WORD);
      getter.invokeExact(error, slots, slots.asSlice(WORD));
      return bytesAt(slots.get(JAVA_LONG, 0), slots.get(JAVA_LONG, WORD));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static byte[] bytesAt(long address, long length) {
    return MemorySegment.ofAddress(address).reinterpret(length).toArray(JAVA_BYTE);
  }

  /** The functions throw nothing; what is thrown is the JVM's own, out of memory for example. */
  static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error) {
      throw (Error) e;
    }
    if (e instanceof RuntimeException) {
      throw (RuntimeException) e;
    }
    throw new LinkageError("a call of libtdc failed", e);
  }
}
