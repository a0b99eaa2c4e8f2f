package io.tdc;

import com.google.protobuf.UnknownFieldSet;
import io.temporal.api.common.v1.Payload;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** The fields of a payload besides metadata and data, in any version of Temporal's API. */
final class PayloadFields {
  static final String WRAPPED_KEY = "encryption-dek";

  /**
   * {@code external_payloads}, which came after SDK 1.32: before, they are an unknown field. A
   * constant handle costs what the call costs.
   */
  private static final MethodHandle EXTERNAL_COUNT = externalCount();

  private PayloadFields() {}

  static boolean hasMore(Payload payload) {
    UnknownFieldSet unknown = payload.getUnknownFields();
    return externalCount(payload) != 0
        || (unknown != UnknownFieldSet.getDefaultInstance() && unknown.getSerializedSize() != 0);
  }

  private static int externalCount(Payload payload) {
    try {
      return (int) EXTERNAL_COUNT.invokeExact(payload);
    } catch (Throwable e) {
      throw new IllegalStateException("a getter of a message does not throw", e);
    }
  }

  private static MethodHandle externalCount() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Payload.class, "getExternalPayloadsCount", MethodType.methodType(int.class));
    } catch (ReflectiveOperationException e) {
      return MethodHandles.dropArguments(MethodHandles.constant(int.class, 0), 0, Payload.class);
    }
  }
}
