package io.tdc.peers;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DataConverter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** Writes and reads values through a data converter, the way a Java program would have them. */
final class Values {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Messages messages;
  private final DataConverter converter;

  Values(Messages messages, DataConverter converter) {
    this.messages = messages;
    this.converter = converter;
  }

  /** A payload of the value that a record describes. */
  Payload write(Payload record) throws Exception {
    return Oracle.wrapped(converter.toPayload(valueOf(record)).orElseThrow());
  }

  /** Reads the payload in a record as the kind that it names, and describes what it got. */
  Payload read(Payload record) throws Exception {
    Payload payload = Payload.parseFrom(record.getData());
    Class<?> type = typeOf(record);
    Object value = converter.fromPayload(payload, type, type);
    return Payload.newBuilder().setData(describe(value)).build();
  }

  private Object valueOf(Payload record) throws Exception {
    byte[] data = record.getData().toByteArray();
    String text = record.getData().toStringUtf8();
    switch (kindOf(record)) {
      case "null":
        return null;
      case "bytes":
        return data;
      case "string":
        return text;
      case "message":
        return typedMessage(record).getParserForType().parseFrom(data);
      default:
        return JSON.readValue(text, typeOf(record));
    }
  }

  private Class<?> typeOf(Payload record) throws ReflectiveOperationException {
    switch (kindOf(record)) {
      case "bytes":
        return byte[].class;
      case "string":
        return String.class;
      case "bool":
        return Boolean.class;
      case "int":
        return Long.class;
      case "uint":
        return BigInteger.class;
      case "float":
        return Double.class;
      case "integers":
        return long[].class;
      case "message":
        return typedMessage(record).getClass();
      default:
        return Object.class;
    }
  }

  private static ByteString describe(Object value) throws Exception {
    if (value == null) {
      return ByteString.EMPTY;
    }
    if (value instanceof Message) {
      return ((Message) value).toByteString();
    }
    if (value instanceof byte[]) {
      return ByteString.copyFrom((byte[]) value);
    }
    if (value instanceof String) {
      return ByteString.copyFrom((String) value, StandardCharsets.UTF_8);
    }
    return ByteString.copyFrom(JSON.writeValueAsBytes(value));
  }

  private Message typedMessage(Payload record) throws ReflectiveOperationException {
    return messages.ofName(record.getMetadataOrThrow("type").toStringUtf8());
  }

  private static String kindOf(Payload record) {
    return record.getMetadataOrThrow("kind").toStringUtf8();
  }
}
