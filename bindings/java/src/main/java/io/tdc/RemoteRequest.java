package io.tdc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request that the library builds. Its headers can contain credentials, and its body contains
 * payloads.
 */
final class RemoteRequest {
  final long id;
  final String url;
  final Map<String, String> headers = new LinkedHashMap<>();
  final byte[] body;

  /** In total, from the first attempt to connect to the end of the response. */
  final Duration timeout;

  /** The longest response. */
  final long maxResponse;

  /** Reads a {@code tdc.host.v1.HttpRequest}. */
  RemoteRequest(long id, CodedInputStream message) throws IOException {
    this.id = id;
    String to = "";
    byte[] contents = {};
    long milliseconds = 0;
    long longest = 0;
    for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 2:
          to = message.readString();
          break;
        case 3:
          addHeader(message.readBytes().newCodedInput());
          break;
        case 4:
          contents = message.readByteArray();
          break;
        case 5:
          milliseconds = message.readUInt64();
          break;
        case 6:
          longest = message.readUInt64();
          break;
        default:
          message.skipField(tag);
      }
    }
    url = to;
    body = contents;
    timeout = Duration.ofMillis(Math.max(1, milliseconds));
    maxResponse = longest;
  }

  private void addHeader(CodedInputStream header) throws IOException {
    String name = "";
    String value = "";
    for (int tag = header.readTag(); tag != 0; tag = header.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1:
          name = header.readString();
          break;
        case 2:
          value = header.readString();
          break;
        default:
          header.skipField(tag);
      }
    }
    headers.put(name, value);
  }
}
