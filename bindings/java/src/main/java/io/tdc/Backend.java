package io.tdc;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * What differs between the two ways to the native library, beside {@link Native} itself: here by
 * JNI. On Java 22 and above the jar's {@code META-INF/versions/22} holds other classes of these
 * names, which use the foreign function and memory API.
 */
final class Backend {
  private Backend() {}

  /**
   * What {@link TdcLibrary#description()} says; a method, for constants are copied at compile time.
   */
  static String label() {
    return "JNI";
  }

  /**
   * Loads the native library, and gives the version of its ABI.
   *
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  static int load(Path library) {
    System.load(library.toString());
    return Native.abiVersion();
  }

  /** As {@link Boundary#payload}: arrays are copied, always. */
  static int payload(
      boolean encode, Host.Call call, byte[] context, PayloadSlices in, int capacity) {
    return Boundary.payload(encode, call, context, in, capacity);
  }

  /** As {@link Boundary#payloads}. */
  static int payloads(boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    return Boundary.payloads(encode, call, context, payloads, length);
  }

  /** The address of a direct buffer. */
  static native long address(ByteBuffer direct);

  /** Memory outside the heap as a buffer, which must not be used after that memory is freed. */
  static native ByteBuffer view(long address, long size);

  /** Copies memory outside the heap into the whole array. */
  static native void copy(long address, byte[] to);

  /** Memory outside the heap with undefined contents; 0 if there is not enough. */
  static native long allocate(long size);

  /** Frees what {@link #allocate} returned. */
  static native void free(long address, long size);

  /** {@code tdc_java_keys_load}: loads {@code libtdc_keys}. */
  static native int keysLoad(
      long name, long nameLength, int version, long found, long reason, long capacity);

  /** {@code tdc_java_keys_answer}: has it answer a call's requests to key services. */
  static native int keysAnswer(long self, long call, long error);
}
