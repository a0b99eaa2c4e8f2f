package io.tdc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A message of {@code proto/tdc/host.proto}, whose fields are looked for by their numbers. */
final class HostMessage {
  private final UnknownFieldSet fields;

  HostMessage(CodedInputStream in) throws IOException {
    fields = UnknownFieldSet.newBuilder().mergeFrom(in).build();
  }

  String text(int field) {
    return bytes(field).toStringUtf8();
  }

  ByteString bytes(int field) {
    return last(fields.getField(field).getLengthDelimitedList(), ByteString.EMPTY);
  }

  long number(int field) {
    return last(fields.getField(field).getVarintList(), 0L);
  }

  /** Pairs of texts: a map, or headers. */
  Map<String, String> pairs(int field) throws IOException {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (ByteString each : fields.getField(field).getLengthDelimitedList()) {
      HostMessage pair = new HostMessage(each.newCodedInput());
      pairs.put(pair.text(1), pair.text(2));
    }
    return pairs;
  }

  private static <T> T last(List<T> values, T otherwise) {
    return values.isEmpty() ? otherwise : values.get(values.size() - 1);
  }
}
