package io.tdc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A JNI call on a small payload, through memory outside the heap that each thread keeps: four small
 * copies cost less than having the JVM hold four arrays in place.
 *
 * <p>The memory holds the results, then context, payload and answer.
 */
final class SmallCall {
  /** A payload or an answer above this goes by the arrays themselves. */
  private static final int MAX_LENGTH = 2048;

  private static final int MAX_CONTEXT = 512;
  private static final int RESULTS = NativeApi.RESULT_SLOTS * Long.BYTES;
  private static final ThreadLocal<SmallCall> OF_THREAD = ThreadLocal.withInitial(SmallCall::new);

  private final ByteBuffer memory =
      ByteBuffer.allocateDirect(RESULTS + MAX_CONTEXT + 2 * MAX_LENGTH)
          .order(ByteOrder.nativeOrder());
  private final long address = JniCalls.address(memory);

  private SmallCall() {}

  static SmallCall ofThread() {
    return OF_THREAD.get();
  }

  static boolean fits(byte[] context, PayloadSlices in, byte[] out) {
    return context.length <= MAX_CONTEXT
        && (long) in.headLength + in.dataLength <= MAX_LENGTH
        && out.length <= MAX_LENGTH;
  }

  /** As {@link NativeApi#payload}, for what {@link #fits}. */
  int run(boolean encode, long self, byte[] context, PayloadSlices in, byte[] out) {
    int inLength = in.headLength + in.dataLength;
    memory.position(RESULTS);
    memory.put(context).put(in.head, 0, in.headLength).put(in.data, in.dataOffset, in.dataLength);
    int status = JniCalls.smallPayload(encode, self, address, context.length, inLength, out.length);
    long[] result = in.result;
    for (int i = 0; i < result.length; i++) {
      result[i] = memory.getLong(i * Long.BYTES);
    }
    if (status == Status.OK && result[NativeApi.OWNED] == 0) {
      memory.position(RESULTS + context.length + inLength);
      memory.get(out, 0, (int) result[NativeApi.LEN]);
    }
    return status;
  }
}
