package io.tdc.peers;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.tdc.Conversion;
import io.tdc.Tdc;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.history.v1.History;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.ProtobufJsonPayloadConverter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;

/** Protobuf messages as JSON and back: the events that every language's bench repeats. */
final class MessageContenders {
  static final int[] SIZES = {1 << 10, 64 << 10};
  static final String CONFIG = "{version: 1, converters: [json-protobuf]}";

  private static final Path CORPUS = Path.of("peers/history.json");

  private final Conversion conversion = new Conversion(CONFIG);
  private final DataConverter converter;
  private final ProtobufJsonPayloadConverter sdk = new ProtobufJsonPayloadConverter();
  private final JsonFormat.Printer printer = JsonFormat.printer().omittingInsignificantWhitespace();
  private final JsonFormat.Parser parser = JsonFormat.parser();

  MessageContenders(Tdc tdc) {
    converter = tdc.payloadConverter();
  }

  /** Bytes of a message to JSON: tdc reads the bytes itself, JsonFormat needs the message. */
  List<Contender> wireToJson(int size) throws IOException {
    byte[] wire = history(size).toByteArray();
    Payload payload = payload("binary/protobuf", ByteString.copyFrom(wire));
    History back = parsed(conversion.convert(payload).toStringUtf8());
    if (!back.equals(history(size))) {
      throw new IllegalStateException("tdc's JSON says something else");
    }
    return List.of(
        new Contender("tdc", () -> conversion.convert(payload).size()),
        contender("JsonFormat", () -> utf8(printer.print(History.parseFrom(wire))).length));
  }

  /** JSON to the bytes of a message. */
  List<Contender> jsonToWire(int size) throws IOException {
    byte[] wire = history(size).toByteArray();
    ByteString json = conversion.convert(payload("binary/protobuf", ByteString.copyFrom(wire)));
    Payload payload = payload("json/protobuf", json);
    if (conversion.convert(payload).size() != wire.length) {
      throw new IllegalStateException("tdc gives another message back");
    }
    byte[] text = json.toByteArray();
    return List.of(
        new Contender("tdc", () -> conversion.convert(payload).size()),
        contender(
            "JsonFormat",
            () -> parsed(new String(text, StandardCharsets.UTF_8)).toByteArray().length));
  }

  /** A message to its payload, by the data converters. */
  List<Contender> toPayload(int size) throws IOException {
    History message = history(size);
    return List.of(
        new Contender("tdc", () -> converter.toPayload(message).orElseThrow().getData().size()),
        contender("sdk", () -> sdk.toData(message).orElseThrow().getData().size()));
  }

  /** A payload to its message, by the data converters. */
  List<Contender> fromPayload(int size) throws IOException {
    Payload payload = sdk.toData(history(size)).orElseThrow();
    return List.of(
        new Contender(
            "tdc",
            () -> converter.fromPayload(payload, History.class, History.class).getEventsCount()),
        contender("sdk", () -> sdk.fromData(payload, History.class, History.class).getEventsCount()));
  }

  private History parsed(String json) throws InvalidProtocolBufferException {
    History.Builder builder = History.newBuilder();
    parser.merge(json, builder);
    return builder.build();
  }

  /** Repeats the corpus until the message has {@code size} bytes: event ids and times rise. */
  private History history(int size) throws IOException {
    List<HistoryEvent> cycle = parsed(Files.readString(CORPUS)).getEventsList();
    History.Builder history = History.newBuilder();
    int count = cycle.size();
    for (int length = 0, done = 0; length < size; done++) {
      HistoryEvent.Builder event = cycle.get(done % count).toBuilder().setEventId(done + 1);
      long seconds = event.getEventTime().getSeconds() + done / count;
      event.getEventTimeBuilder().setSeconds(seconds);
      history.addEvents(event);
      length = history.build().getSerializedSize();
    }
    return history.build();
  }

  private static Payload payload(String encoding, ByteString data) {
    return Payload.newBuilder()
        .putMetadata("encoding", ByteString.copyFromUtf8(encoding))
        .putMetadata("messageType", ByteString.copyFromUtf8("temporal.api.history.v1.History"))
        .setData(data)
        .build();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Contender contender(String name, Call call) {
    LongSupplier checked =
        () -> {
          try {
            return call.run();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        };
    return new Contender(name, checked);
  }

  private interface Call {
    long run() throws IOException;
  }
}
