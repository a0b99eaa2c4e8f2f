package io.tdc;

import java.util.Optional;

/** The stable status codes of {@code tdc.h}, the same in every language. */
public enum Code {
  /** The call succeeded. */
  OK("TDC_OK", 0, false),
  /** The codecs leave this payload as it is. */
  UNCHANGED("TDC_UNCHANGED", 1, false),
  /** The host is asked for something, and the call is made again. */
  REQUESTS("TDC_REQUESTS", 2, true),
  /** Malformed protobuf. */
  PROTOBUF("TDC_ERR_PROTOBUF", 101, false),
  /** The ciphertext does not authenticate. */
  AUTHENTICATION("TDC_ERR_AUTHENTICATION", 102, true),
  /** The encrypted payload is malformed. */
  CIPHERTEXT("TDC_ERR_CIPHERTEXT", 103, false),
  /** Malformed compressed data. */
  COMPRESSED("TDC_ERR_COMPRESSED", 104, false),
  /** The configuration requires encryption and the payload was not encrypted. */
  NOT_ENCRYPTED("TDC_ERR_NOT_ENCRYPTED", 105, true),
  /** A limit of the configuration was passed. */
  LIMIT("TDC_ERR_LIMIT", 106, false),
  /** Malformed serialization context. */
  CONTEXT("TDC_ERR_CONTEXT", 107, true),
  /** Malformed JSON. */
  JSON("TDC_ERR_JSON", 108, false),
  /** No converter knows the payload's encoding. */
  ENCODING("TDC_ERR_ENCODING", 109, false),
  /** No converter accepts the value, or it does not fit the format. */
  VALUE("TDC_ERR_VALUE", 110, false),
  /** Malformed MessagePack. */
  MESSAGE_PACK("TDC_ERR_MESSAGE_PACK", 111, false),
  /** Malformed encoded attributes of a failure. */
  FAILURE("TDC_ERR_FAILURE", 112, false),
  /** The message type is not known here. */
  TYPE("TDC_ERR_TYPE", 113, false),
  /** The codec server does not take these payloads. */
  REMOTE_REFUSED("TDC_ERR_REMOTE_REFUSED", 114, false),
  /** A reference to a stored object is malformed, or may not be followed. */
  REFERENCE("TDC_ERR_REFERENCE", 115, false),
  /** The key id is not in the ring (yet). */
  KEY_UNKNOWN("TDC_ERR_KEY_UNKNOWN", 201, true),
  /** A key handed in has a wrong length or id. */
  KEY_INVALID("TDC_ERR_KEY_INVALID", 202, true),
  /** The key provider failed, or one is needed and none was given. */
  KEY_PROVIDER("TDC_ERR_KEY_PROVIDER", 203, true),
  /** A key service could not be reached, was too slow, or its answer is not usable. */
  KEY_SERVICE("TDC_ERR_KEY_SERVICE", 204, true),
  /** A key service refused: access is denied, or the key is disabled or destroyed. */
  KEY_REFUSED("TDC_ERR_KEY_REFUSED", 205, true),
  /** The configuration is wrong. */
  CONFIG("TDC_ERR_CONFIG", 301, true),
  /** A file or variable with a key or a credential is missing, malformed or readable by others. */
  KEY_FILE("TDC_ERR_KEY_FILE", 302, true),
  /** No namespace was given where one is needed, or no namespace rule matches. */
  NAMESPACE("TDC_ERR_NAMESPACE", 303, true),
  /**
   * A descriptor set is missing, does not parse or link, or contradicts what is known of a file.
   */
  DESCRIPTOR("TDC_ERR_DESCRIPTOR", 304, true),
  /** A pointer was null. */
  NULL("TDC_ERR_NULL", 401, false),
  /** A buffer was too small. */
  BUFFER_TOO_SMALL("TDC_ERR_BUFFER_TOO_SMALL", 402, false),
  /** An argument was wrong. */
  ARGUMENT("TDC_ERR_ARGUMENT", 403, false),
  /** The operating system's random source failed. */
  RANDOM("TDC_ERR_RANDOM", 501, true),
  /** Input or output failed. */
  IO("TDC_ERR_IO", 502, true),
  /** The codec server did not answer, or not with payloads. */
  REMOTE("TDC_ERR_REMOTE", 503, true),
  /** The store of a referenced object did not give it. */
  STORAGE("TDC_ERR_STORAGE", 504, true),
  /** A fault inside the library. */
  PANIC("TDC_ERR_PANIC", 901, false);

  private final String symbol;
  private final int number;
  private final boolean worthRetrying;

  Code(String symbol, int number, boolean worthRetrying) {
    this.symbol = symbol;
    this.number = number;
    this.worthRetrying = worthRetrying;
  }

  /**
   * The code's name in {@code tdc.h}.
   *
   * @return for example {@code TDC_ERR_LIMIT}
   */
  public String symbol() {
    return symbol;
  }

  /**
   * The code's number, which never changes.
   *
   * @return for example 106
   */
  public int number() {
    return number;
  }

  /**
   * Whether trying again later can succeed.
   *
   * @return true if what failed may pass by itself
   */
  public boolean isTransient() {
    return worthRetrying;
  }

  /**
   * Finds a code by its number.
   *
   * @param number the code's number
   * @return the code, or empty if this version does not know it
   */
  public static Optional<Code> of(int number) {
    for (Code code : values()) {
      if (code.number == number) {
        return Optional.of(code);
      }
    }
    return Optional.empty();
  }
}
