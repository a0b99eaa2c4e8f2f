package io.tdc.peers;

import com.google.protobuf.AnyProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DurationProto;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.EmptyProto;
import com.google.protobuf.FieldMaskProto;
import com.google.protobuf.StructProto;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.WrappersProto;
import com.google.protobuf.util.JsonFormat;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.history.v1.History;
import io.temporal.common.WorkflowExecutionHistory;
import java.util.List;

/**
 * JSON as Java's official protobuf runtime writes and reads it, and histories as the SDK's replayer
 * does.
 */
final class ProtobufJson {
  private static final List<FileDescriptor> WELL_KNOWN =
      List.of(
          AnyProto.getDescriptor(),
          DurationProto.getDescriptor(),
          EmptyProto.getDescriptor(),
          FieldMaskProto.getDescriptor(),
          StructProto.getDescriptor(),
          TimestampProto.getDescriptor(),
          WrappersProto.getDescriptor());

  private final Descriptor type;
  private final TypeRegistry types;

  /**
   * The type that a record names, of the file that it brings, and what finds the types inside it.
   */
  private ProtobufJson(Payload record) throws Exception {
    FileDescriptorProto described =
        FileDescriptorProto.parseFrom(record.getMetadataOrThrow("file"));
    FileDescriptor file =
        FileDescriptor.buildFrom(
            described,
            WELL_KNOWN.stream()
                .filter(known -> described.getDependencyList().contains(known.getFullName()))
                .toArray(FileDescriptor[]::new));
    TypeRegistry.Builder found = TypeRegistry.newBuilder().add(file.getMessageTypes());
    WELL_KNOWN.forEach(known -> found.add(known.getMessageTypes()));
    types = found.build();
    type = types.find(record.getMetadataOrThrow("type").toStringUtf8());
  }

  /** Prints the message in a record. */
  static Payload write(Payload record) throws Exception {
    ProtobufJson json = new ProtobufJson(record);
    DynamicMessage message = DynamicMessage.parseFrom(json.type, record.getData());
    String text = JsonFormat.printer().usingTypeRegistry(json.types).print(message);
    return Payload.newBuilder().setData(ByteString.copyFromUtf8(text)).build();
  }

  /** Parses the JSON in a record. */
  static Payload read(Payload record) throws Exception {
    ProtobufJson json = new ProtobufJson(record);
    DynamicMessage.Builder message = DynamicMessage.newBuilder(json.type);
    String text = record.getData().toStringUtf8();
    JsonFormat.parser().usingTypeRegistry(json.types).merge(text, message);
    return Oracle.wrapped(message.build());
  }

  /** Reads the history in a record as the SDK's replayer does. */
  static Payload readHistory(Payload record) {
    WorkflowExecutionHistory history =
        WorkflowExecutionHistory.fromJson(record.getData().toStringUtf8());
    return Oracle.wrapped(History.newBuilder().addAllEvents(history.getEvents()).build());
  }
}
