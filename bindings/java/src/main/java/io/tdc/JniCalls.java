package io.tdc;

import java.nio.ByteBuffer;
import javax.annotation.Nullable;

/**
 * What {@code libtdc_jni} exports. The shim trusts its caller: lengths and offsets are checked by
 * {@link JniApi} before they get here.
 */
final class JniCalls {
  private JniCalls() {}

  /** Opens libtdc and looks up its functions; gives what went wrong, or null. */
  @Nullable
  static native String bind(byte[] libtdc);

  static native int abiVersion();

  static native byte[] version();

  static native int open(byte[] path, @Nullable byte[] namespace, long[] result);

  static native int parse(
      byte[] document, byte[] baseDir, @Nullable byte[] namespace, long[] result);

  static native int reload(long self, long[] result);

  static native int flags(long self);

  static native void free(long self);

  static native int keyProvide(long self, byte[] id, byte[] key, long[] result);

  static native int keyReject(long self, byte[] id, long[] result);

  static native int descriptorProvide(long self, byte[] files, long[] result);

  static native int remoteProvide(
      long self, long request, int httpStatus, byte[] body, long[] result);

  static native long bound(boolean encode, long self, long payloadLength);

  static native int payload(
      boolean encode,
      long self,
      byte[] context,
      int contextLength,
      byte[] head,
      int headLength,
      byte[] data,
      int dataOffset,
      int dataLength,
      byte[] out,
      int outLength,
      long[] result,
      @Nullable long[] usage);

  /** The address of a direct buffer. */
  static native long address(ByteBuffer direct);

  /**
   * The same as {@link #payload} with everything in the memory at {@code address}: results,
   * context, payload and room for the answer, one behind the other.
   */
  static native int smallPayload(
      boolean encode, long self, long address, int contextLength, int inLength, int outLength);

  static native int payloads(
      boolean encode,
      long self,
      byte[] context,
      byte[] payloads,
      int payloadsLength,
      long[] result);

  static native int values(
      boolean back, long self, byte[] context, byte[] payloads, int payloadsLength, long[] result);

  static native int failure(
      boolean encode, long self, byte[] context, byte[] failure, long[] result);

  static native int message(
      boolean encode,
      long self,
      byte[] context,
      byte[] name,
      int flags,
      byte[] message,
      long[] result);

  static native int history(long self, byte[] context, byte[] history, long[] result);

  static native byte[] takeOwned(long data, long length, long capacity);

  static native boolean isTransient(int status);

  static native byte[] errorMessage(long error);

  static native long errorPayloadIndex(long error);

  static native long errorSizeNeeded(long error);

  static native long errorKeyCount(long error);

  static native byte[] errorKeyId(long error, long index);

  static native byte[] errorTypeName(long error);

  static native byte[] errorRequestUrl(long error);

  static native byte[] errorRequestBody(long error);

  static native long errorRequestHeaderCount(long error);

  static native byte[] errorRequestHeader(long error, long index, boolean value);

  static native int errorRequestTimeoutMs(long error);

  static native long errorRequestMaxResponse(long error);

  static native void errorFree(long error);
}
