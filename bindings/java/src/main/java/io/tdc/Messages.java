package io.tdc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.temporal.api.failure.v1.Failure;
import java.nio.charset.StandardCharsets;
import javax.annotation.Nullable;

/** Calls on one serialised message, which the library reads and writes as a whole. */
final class Messages {
  private final Host host;

  Messages(Host host) {
    this.host = host;
  }

  /** Encodes or decodes a failure and all its causes. */
  Failure failure(boolean encode, Context context, Failure failure) {
    Boundary.Function function = encode ? Native::failureEncode : Native::failureDecode;
    try {
      return Failure.parseFrom(run(function, context, failure.toByteArray()));
    } catch (InvalidProtocolBufferException e) {
      throw TdcException.notA("Failure", e);
    }
  }

  /** Encodes or decodes every payload and failure of a message of Temporal's API. */
  <M extends Message> M message(
      boolean encode, Context context, int flags, @Nullable StoredObjects stored, M message) {
    String type = message.getDescriptorForType().getFullName();
    byte[] name = type.getBytes(StandardCharsets.UTF_8);
    Boundary.Function function = typed(encode, name.length, flags);
    byte[] answer = run(function, context, stored, name, message.toByteArray());
    try {
      @SuppressWarnings("unchecked")
      M converted = (M) message.getParserForType().parseFrom(answer);
      return converted;
    } catch (InvalidProtocolBufferException e) {
      throw TdcException.notA(type, e);
    }
  }

  private static Boundary.Function typed(boolean encode, int nameLength, int flags) {
    return (self, call, place, placeLength, in, length, out, error) -> {
      long name = in - nameLength;
      return encode
          ? Native.messageEncode(
              self, call, place, placeLength, name, nameLength, flags, in, length, out, error)
          : Native.messageDecode(
              self, call, place, placeLength, name, nameLength, flags, in, length, out, error);
    };
  }

  /** Decodes an exported history. */
  byte[] history(Context context, @Nullable StoredObjects stored, byte[] history) {
    return run(Native::historyDecode, context, stored, Boundary.EMPTY, history);
  }

  /** A function on bytes, which need no type. */
  byte[] run(Boundary.Function function, Context context, byte[] message) {
    return run(function, context, null, Boundary.EMPTY, message);
  }

  /** A function on bytes; {@code name} as in {@link Boundary#message}. */
  private byte[] run(
      Boundary.Function function,
      Context context,
      @Nullable StoredObjects stored,
      byte[] name,
      byte[] message) {
    try (Host.Call call = host.begin()) {
      call.follow(stored);
      int status;
      do {
        status = Boundary.message(function, call, context.message, name, message, message.length);
      } while (call.again(status));
      return call.takeAnswer();
    }
  }
}
