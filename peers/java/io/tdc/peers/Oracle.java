package io.tdc.peers;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.internal.payload.visitor.PayloadVisitorOptions;
import io.temporal.internal.payload.visitor.PayloadVisitors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * What the SDK itself says of records: its own visitor, and its default data converter or that of
 * tdc. A record is a payload whose metadata say what its data are.
 */
final class Oracle {
  /** Put behind what the SDK's visitor came to: twice where it came twice. */
  private static final ByteString VISITED = ByteString.copyFromUtf8("!");

  private final Messages messages;
  private final Values values;
  private final Failures failures;

  Oracle(Messages messages, DataConverter converter) {
    this.messages = messages;
    values = new Values(messages, converter);
    failures = new Failures(converter);
  }

  /** The SDK's default data converter, which hides the text of failures as in every language. */
  static DataConverter ofSdk() {
    return new CodecDataConverter(DefaultDataConverter.STANDARD_INSTANCE, List.of(), true);
  }

  /** Answers every record; one that cannot be answered becomes its error. */
  List<Payload> answer(String operation, List<Payload> records) {
    List<Payload> answers = new ArrayList<>();
    for (Payload record : records) {
      try {
        answers.add(answer(operation, record));
      } catch (Exception e) {
        ByteString text = ByteString.copyFromUtf8(e.toString());
        answers.add(Payload.newBuilder().putMetadata("error", text).build());
      }
    }
    return answers;
  }

  private Payload answer(String operation, Payload record) throws Exception {
    switch (operation) {
      case "visit-payloads":
        return visit(record);
      case "write-values":
        return values.write(record);
      case "read-values":
        return values.read(record);
      case "write-failures":
        return failures.write(record);
      case "read-failures":
        return failures.read(record);
      case "write-json":
        return ProtobufJson.write(record);
      case "read-json":
        return ProtobufJson.read(record);
      case "read-history":
        return ProtobufJson.readHistory(record);
      default:
        throw new IllegalArgumentException("unknown operation " + operation);
    }
  }

  private Payload visit(Payload record) throws Exception {
    Message kind = messages.ofName(record.getMetadataOrThrow("type").toStringUtf8());
    Message message = kind.getParserForType().parseFrom(record.getData());
    PayloadVisitorOptions<Void> options =
        PayloadVisitorOptions.<Void>newBuilder((context, payloads) -> marked(payloads))
            .setSkipSearchAttributes(true)
            .build();
    Message visited = PayloadVisitors.visit(message, options).get();
    return record.toBuilder().setData(visited.toByteString()).build();
  }

  private static CompletableFuture<List<Payload>> marked(List<Payload> payloads) {
    return CompletableFuture.completedFuture(
        payloads.stream()
            .map(payload -> payload.toBuilder().setData(payload.getData().concat(VISITED)).build())
            .collect(Collectors.toList()));
  }

  /** A message as the contents of a record. */
  static Payload wrapped(Message message) {
    return Payload.newBuilder().setData(message.toByteString()).build();
  }
}
