package io.tdc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A {@code tdc.host.v1.Object}, as far as storage drivers need it. */
final class StoredObject {
  final long id;

  /** The name of the driver. */
  final String store;

  final Map<String, String> claim = new HashMap<>();

  /** From the request to the end of the answer. */
  final Duration timeout;

  StoredObject(long id, CodedInputStream message) throws IOException {
    this.id = id;
    String name = "";
    long milliseconds = 0;
    for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1:
          name = message.readString();
          break;
        case 5:
          milliseconds = message.readUInt64();
          break;
        case 6:
          addEntry(message.readBytes().newCodedInput());
          break;
        default:
          message.skipField(tag);
      }
    }
    store = name;
    timeout = Duration.ofMillis(milliseconds);
  }

  private void addEntry(CodedInputStream entry) throws IOException {
    String name = "";
    String value = "";
    for (int tag = entry.readTag(); tag != 0; tag = entry.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1:
          name = entry.readString();
          break;
        case 2:
          value = entry.readString();
          break;
        default:
          entry.skipField(tag);
      }
    }
    claim.put(name, value);
  }
}
