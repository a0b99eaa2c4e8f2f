package io.tdc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Memory outside the heap for the arguments of one native call: first the words of {@link
 * Boundary}, then the input, then the room for the output.
 *
 * <p>Each thread keeps one. Larger memory is allocated for a single call.
 */
final class Scratch implements AutoCloseable {
  /** Enough for a payload of 8 KiB and its answer. */
  private static final int KEPT = 20 * 1024;

  private static final long[] ZEROES = new long[Boundary.WORDS];
  private static final int WORDS_LENGTH = Boundary.WORDS * Long.BYTES;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final ByteBuffer kept = ByteBuffer.allocateDirect(KEPT).order(ByteOrder.nativeOrder());
  private final LongBuffer keptWords = kept.asLongBuffer();
  private final long keptAddress = Backend.address(kept);
  private ByteBuffer bytes = kept;
  private LongBuffer words = keptWords;
  private long address;

  private Scratch() {}

  /** For a call whose arguments have so many bytes together. Calls are not nested. */
  static Scratch open(long size) {
    return open(size, ZEROES);
  }

  /** The same, with {@link Boundary#WORDS} words copied in. */
  static Scratch open(long size, long[] words) {
    Scratch scratch = OF_THREAD.get();
    scratch.begin(WORDS_LENGTH + size);
    // One copy: so many single accesses of a buffer cost more than the rest of a small call.
    scratch.words.position(0);
    scratch.words.put(words);
    scratch.bytes.position(WORDS_LENGTH);
    return scratch;
  }

  private void begin(long size) {
    if (size <= KEPT) {
      bytes = kept;
      words = keptWords;
      address = keptAddress;
      return;
    }
    address = size <= Integer.MAX_VALUE ? Backend.allocate(size) : 0;
    if (address == 0) {
      throw TdcException.tooLarge();
    }
    bytes = Backend.view(address, size).order(ByteOrder.nativeOrder());
    words = bytes.asLongBuffer();
  }

  /** The address of a word. */
  long word(int index) {
    return address + (long) index * Long.BYTES;
  }

  /** What a word holds. */
  long get(int index) {
    return words.get(index);
  }

  /** Copies the words out. */
  void getWords(long[] to) {
    words.position(0);
    words.get(to);
  }

  /** Copies bytes in, and gives their address. */
  long put(byte[] from) {
    return put(from, 0, from.length);
  }

  /** Copies bytes in, and gives their address. */
  long put(byte[] from, int offset, int length) {
    long start = address + bytes.position();
    bytes.put(from, offset, length);
    return start;
  }

  /** The address of the room after the input. */
  long room() {
    return address + bytes.position();
  }

  /** Copies the first bytes of {@link #room} out. */
  byte[] copyOut(int length) {
    byte[] copy = new byte[length];
    bytes.get(copy);
    return copy;
  }

  /** Overwrites all input bytes. */
  void erase() {
    for (int i = WORDS_LENGTH; i < bytes.position(); i++) {
      bytes.put(i, (byte) 0);
    }
  }

  /** Copies the bytes at an address that the library gave. */
  static byte[] copy(long address, long length) {
    if (length == 0) {
      return new byte[0];
    }
    if (length > Integer.MAX_VALUE - 8) {
      throw TdcException.tooLarge();
    }
    byte[] copy = new byte[(int) length];
    Backend.copy(address, copy);
    return copy;
  }

  @Override
  public void close() {
    if (bytes != kept) {
      Backend.free(address, bytes.capacity());
      bytes = kept;
      words = keptWords;
    }
  }
}
