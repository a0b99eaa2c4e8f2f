package io.tdc;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DefaultDataConverter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;

/** Configurations and payloads that several tests use. */
final class Configs {
  static final String KEY_ID = "orders-2026-11";
  static final byte[] KEY = "test-key-test-key-test-key-test!".getBytes(StandardCharsets.US_ASCII);
  static final Path HERE = Path.of(".");

  private Configs() {}

  /** One key in the ring, and a chain. */
  static String withKey(String codecs) {
    String key = Base64.getEncoder().encodeToString(KEY);
    return String.join(
        "\n",
        "version: 1",
        "keys:",
        "  primary: " + KEY_ID,
        "  ring: { " + KEY_ID + ": { insecure_inline: " + key + " } }",
        "codecs: " + codecs,
        "");
  }

  /** The host has the key. */
  static String withHostKeys() {
    return String.join(
        "\n",
        "version: 1",
        "keys: { primary: " + KEY_ID + ", host: true }",
        "codecs: [encrypt]",
        "");
  }

  /** A codec server on this machine. */
  static String remote(int port, String... options) {
    String more = options.length == 0 ? "" : ", " + String.join(", ", options);
    return String.join(
        "\n",
        "version: 1",
        "codecs: [ remote: { url: \"http://127.0.0.1:" + port + "\"" + more + " } ]",
        "");
  }

  static Tdc encrypting() {
    return Tdc.parse(withKey("[encrypt]"), HERE);
  }

  static Payload json(Object value) {
    return DefaultDataConverter.STANDARD_INSTANCE.toPayload(value).orElseThrow();
  }
}
