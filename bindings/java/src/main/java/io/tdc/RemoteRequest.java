package io.tdc;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The request to a codec server that an error of the library carries, copied out. Its headers can
 * hold credentials, and its body holds payloads.
 */
final class RemoteRequest {
  final String url;
  final Map<String, String> headers;
  final byte[] body;

  /** For everything, from the first try to connect to the end of the answer. */
  final Duration timeout;

  /** How long an answer may be. */
  final long maxResponse;

  RemoteRequest(NativeApi api, long error) {
    url = text(api.errorRequestUrl(error));
    headers = new LinkedHashMap<>();
    long count = api.errorRequestHeaderCount(error);
    for (long i = 0; i < count; i++) {
      headers.put(
          text(api.errorRequestHeader(error, i, false)),
          text(api.errorRequestHeader(error, i, true)));
    }
    body = api.errorRequestBody(error);
    timeout = Duration.ofMillis(Math.max(1, api.errorRequestTimeoutMs(error)));
    maxResponse = api.errorRequestMaxResponse(error);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
