package io.tdc;

/** The statuses that this package acts on, as constants for {@code switch}. */
final class Status {
  static final int OK = 0;
  static final int UNCHANGED = 1;
  static final int KEY_NEEDED = 2;
  static final int RELOAD_NEEDED = 3;
  static final int TYPE_NEEDED = 4;
  static final int REMOTE_NEEDED = 5;
  static final int PROTOBUF = 101;
  static final int LIMIT = 106;
  static final int KEY_UNKNOWN = 201;
  static final int KEY_PROVIDER = 203;
  static final int BUFFER_TOO_SMALL = 402;
  static final int REMOTE = 503;

  private Status() {}
}
