package io.tdc;

import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import javax.annotation.Nullable;

/**
 * Owns the native data converter and counts its users. After {@link #close}, no new call starts;
 * calls in flight complete, and the last one frees it. A handle that was never closed is freed when
 * it is garbage-collected.
 */
final class Handle {
  private static final Cleaner CLEANER = Cleaner.create();

  /** Far enough below zero that late threads can never count it up to zero. */
  private static final int CLOSED = Integer.MIN_VALUE / 2;

  /** More than the metadata of any data key: a larger growth has another reason. */
  private static final int MAX_GROWTH = 32 * 1024;

  /** Of the calls of one large payload. */
  final Pace pace = new Pace();

  private final AtomicInteger users = new AtomicInteger();
  private final long pointer;
  private final Cleaner.Cleanable cleanable;
  private final AtomicInteger growth = new AtomicInteger();
  private volatile int flags;

  Handle(long pointer, LongConsumer free) {
    this.pointer = pointer;
    readSettings();
    // The cleanup action must not refer to this object.
    this.cleanable = CLEANER.register(this, () -> free.accept(pointer));
  }

  /**
   * {@code tdc_data_converter_open} or, with a document, {@code tdc_data_converter_parse}.
   *
   * @param path of the file, or what relative paths in the document are relative to
   */
  static Handle open(Path path, @Nullable String document, @Nullable String namespace) {
    TdcLibrary.requireAvailable();
    byte[] place = path.toString().getBytes(StandardCharsets.UTF_8);
    byte[] text = (document == null ? "" : document).getBytes(StandardCharsets.UTF_8);
    byte[] name = (namespace == null ? "" : namespace).getBytes(StandardCharsets.UTF_8);
    try (Scratch memory = Scratch.open((long) place.length + text.length + name.length)) {
      long at = memory.put(place);
      long document_ = memory.put(text);
      long namespace_ = name.length == 0 ? 0 : memory.put(name);
      long out = memory.word(0);
      long error = memory.word(Boundary.ERROR);
      int status =
          document == null
              ? Native.dataConverterOpen(at, place.length, namespace_, name.length, out, error)
              : Native.dataConverterParse(
                  document_, text.length, at, place.length, namespace_, name.length, out, error);
      if (status == Abi.OK) {
        return new Handle(memory.get(0), Native::dataConverterFree);
      }
      long[] words = new long[Boundary.WORDS];
      memory.getWords(words);
      throw Errors.take(status, words);
    }
  }

  /**
   * Starts a use and returns the native pointer; {@link #release} must follow.
   *
   * @throws IllegalStateException if it is closed
   */
  long acquire() {
    if (users.getAndIncrement() < 0) {
      release();
      throw new IllegalStateException("this Tdc is closed");
    }
    return pointer;
  }

  /** Ends a use. */
  void release() {
    if (users.decrementAndGet() == CLOSED) {
      // Does nothing the second time.
      cleanable.clean();
    }
  }

  /** The configuration's {@code TDC_FLAG_…}, as it was read last. */
  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** {@code tdc_data_converter_reload} during a use; an error goes to {@code words}. */
  int reload(long[] words) {
    try (Scratch memory = Scratch.open(0)) {
      int status = Native.dataConverterReload(pointer, memory.word(Boundary.ERROR));
      memory.getWords(words);
      readSettings();
      return status;
    }
  }

  private void readSettings() {
    flags = Native.dataConverterFlags(pointer);
    readGrowth();
  }

  /**
   * Reads how much longer an encoded payload gets at most, which a new data key may change. It can
   * become less: until a key service has wrapped the first one, the library guesses.
   */
  void readGrowth() {
    grow(0);
  }

  /** How much longer an encoded payload gets at most, as it was read last. */
  int growth() {
    return growth.get();
  }

  /** The same after a payload that grew by this much. */
  void grow(long by) {
    int bound = Math.toIntExact(Native.codecEncodeBound(pointer, 0));
    growth.set(by <= MAX_GROWTH ? Math.max((int) by, bound) : bound);
  }

  /** Throws if it is closed. */
  void requireOpen() {
    acquire();
    release();
  }

  /** Ends all use: at once, or when the last call in flight has ended. */
  void close() {
    if (users.getAndUpdate(now -> now < 0 ? now : now + CLOSED) == 0) {
      cleanable.clean();
    }
  }
}
