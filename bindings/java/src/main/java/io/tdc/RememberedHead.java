package io.tdc;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Map;

/**
 * The last written metadata with a given number of entries, as bytes. Nearly all payloads of a
 * program have one of a few: only an encoding, an encoding and a key id, or these and the entries
 * of an envelope.
 */
final class RememberedHead {
  /** Longer ones are not cached: this bounds the memory, whatever the payloads contain. */
  static final int MAX_LENGTH = 1024;

  /** What a payload has most often; the second and third entry of an envelope, then a binding. */
  private static final String[] NAMES = {
    PayloadFields.ENCODING, PayloadFields.KEY_ID, PayloadFields.WRAPPED_KEY, PayloadFields.BOUND_TO
  };

  private final String[] names;
  private final ByteString[] values;
  private byte[] bytes = {};

  private RememberedHead(int count) {
    this.names = new String[count];
    this.values = new ByteString[count];
  }

  /** One for each count of entries; there is none for 0. */
  static RememberedHead[] forEachCount() {
    RememberedHead[] heads = new RememberedHead[NAMES.length + 1];
    for (int count = 1; count < heads.length; count++) {
      heads[count] = new RememberedHead(count);
    }
    return heads;
  }

  /** Whether these are the entries, which are so many. */
  boolean matches(Map<String, ByteString> metadata) {
    if (bytes.length == 0) {
      return false;
    }
    for (int i = 0; i < names.length; i++) {
      if (!values[i].equals(metadata.get(names[i]))) {
        return false;
      }
    }
    return true;
  }

  /** Writes the bytes to the start of {@code head}, and says how many they are. */
  int copyTo(byte[] head) {
    System.arraycopy(bytes, 0, head, 0, bytes.length);
    return bytes.length;
  }

  /** Takes copies: the payload's own objects may be small parts of large arrays. */
  void remember(Map<String, ByteString> metadata, byte[] head, int headLength) {
    if (headLength > MAX_LENGTH || !areKnown(metadata)) {
      return;
    }
    int found = 0;
    for (String name : NAMES) {
      ByteString value = metadata.get(name);
      if (value != null) {
        names[found] = name;
        values[found++] = ByteString.copyFrom(value.toByteArray());
      }
    }
    bytes = Arrays.copyOf(head, headLength);
  }

  private boolean areKnown(Map<String, ByteString> metadata) {
    int known = 0;
    for (String name : NAMES) {
      known += metadata.containsKey(name) ? 1 : 0;
    }
    return known == names.length;
  }
}
