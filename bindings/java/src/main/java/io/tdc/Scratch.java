package io.tdc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Memory outside the heap for the arguments of one native call: first the words that the library
 * writes, then the input, then the room for the output.
 *
 * <p>Each thread keeps one. Larger memory is allocated for a single call.
 */
final class Scratch implements AutoCloseable {
  /** Enough for a payload of 8 KiB and its answer. */
  private static final int KEPT = 20 * 1024;

  private static final int WORDS = 16;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final ByteBuffer kept = ByteBuffer.allocateDirect(KEPT).order(ByteOrder.nativeOrder());
  private final long keptAddress = Backend.address(kept);
  private ByteBuffer bytes = kept;
  private long address;

  private Scratch() {}

  /** For a call whose arguments have so many bytes together. Calls are not nested. */
  static Scratch open(long size) {
    Scratch scratch = OF_THREAD.get();
    scratch.begin(WORDS * Long.BYTES + size);
    return scratch;
  }

  private void begin(long size) {
    if (size <= KEPT) {
      bytes = kept;
      address = keptAddress;
    } else {
      address = size <= Integer.MAX_VALUE ? Backend.allocate(size) : 0;
      if (address == 0) {
        throw TdcException.tooLarge();
      }
      bytes = Backend.view(address, size).order(ByteOrder.nativeOrder());
    }
    bytes.clear();
    for (int i = 0; i < WORDS; i++) {
      bytes.putLong(0);
    }
  }

  /** The address of a word. */
  long word(int index) {
    return address + (long) index * Long.BYTES;
  }

  /** What a word holds. */
  long get(int index) {
    return bytes.getLong(index * Long.BYTES);
  }

  /** Copies words in, from {@code first} on. */
  void set(int first, long[] words) {
    for (int i = 0; i < words.length; i++) {
      bytes.putLong((first + i) * Long.BYTES, words[i]);
    }
  }

  /** Copies words out, from {@code first} on. */
  void get(int first, long[] words) {
    for (int i = 0; i < words.length; i++) {
      words[i] = get(first + i);
    }
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
  void get(byte[] to, int length) {
    bytes.get(to, 0, length);
  }

  /** Overwrites all input bytes. */
  void erase() {
    for (int i = WORDS * Long.BYTES; i < bytes.position(); i++) {
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
    Backend.view(address, length).get(copy);
    return copy;
  }

  @Override
  public void close() {
    if (bytes != kept) {
      Backend.free(address, bytes.capacity());
      bytes = kept;
    }
  }
}
