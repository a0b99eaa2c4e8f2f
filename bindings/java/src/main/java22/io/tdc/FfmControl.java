package io.tdc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import javax.annotation.Nullable;

/**
 * Everything of {@link NativeApi} but the calls on payloads and messages: opening, and what the
 * host hands in. None of it is hot, so what goes in is copied.
 */
abstract class FfmControl extends FfmErrors {
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
  public int descriptorProvide(long self, byte[] files, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment set = copy(arena, files);
      MemorySegment error = arena.allocate(WORD, WORD);
      int status = (int) FfmCalls.DESCRIPTOR_PROVIDE.invokeExact(self, set, set.byteSize(), error);
      result[POINTER] = error.get(JAVA_LONG, 0);
      return status;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int remoteProvide(long self, long request, int httpStatus, byte[] body, long[] result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = copy(arena, body);
      MemorySegment error = arena.allocate(WORD, WORD);
      int status =
          (int)
              FfmCalls.REMOTE_PROVIDE.invokeExact(
                  self, request, httpStatus, answer, answer.byteSize(), error);
      result[POINTER] = error.get(JAVA_LONG, 0);
      return status;
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
}
