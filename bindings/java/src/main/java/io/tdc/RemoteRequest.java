package io.tdc;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * A request that the library builds. Its headers can contain credentials, and its body contains
 * payloads.
 */
final class RemoteRequest {
  final long id;
  final String url;
  final Map<String, String> headers;
  final byte[] body;

  /** In total, from the first attempt to connect to the end of the response. */
  final Duration timeout;

  /** The longest response. */
  final long maxResponse;

  /** Reads a {@code tdc.host.v1.HttpRequest}. */
  RemoteRequest(long id, CodedInputStream message) throws IOException {
    HostMessage fields = new HostMessage(message);
    this.id = id;
    url = fields.text(2);
    headers = fields.pairs(3);
    body = fields.bytes(4).toByteArray();
    timeout = Duration.ofMillis(Math.max(1, fields.number(5)));
    maxResponse = fields.number(6);
  }
}
