package io.tdc;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Map;

/**
 * The last written metadata with a given number of entries, as bytes. Nearly all payloads of a
 * program have one of a few: only an encoding, an encoding and a key id or a message type, or the
 * entries of an envelope. Values of the same lengths are written over the last ones.
 */
final class RememberedHead {
  /** Longer ones are not cached: this bounds the memory, whatever the payloads contain. */
  static final int MAX_LENGTH = 1024;

  /** An envelope with a binding has so many entries. */
  private static final int MAX_ENTRIES = 4;

  private final String[] names;

  /** Where the value of each name starts, and how long it is. */
  private final int[] starts;

  private final int[] lengths;
  private byte[] bytes = {};

  private RememberedHead(int count) {
    this.names = new String[count];
    this.starts = new int[count];
    this.lengths = new int[count];
  }

  /** One for each count of entries; there is none for 0. */
  static RememberedHead[] forEachCount() {
    RememberedHead[] heads = new RememberedHead[MAX_ENTRIES + 1];
    for (int count = 1; count < heads.length; count++) {
      heads[count] = new RememberedHead(count);
    }
    return heads;
  }

  /**
   * Writes the entries, which are so many, to the start of {@code head}, and says how many bytes
   * they are: 0 if they are not like those that were remembered.
   */
  int write(Map<String, ByteString> metadata, byte[] head) {
    System.arraycopy(bytes, 0, head, 0, bytes.length);
    for (int i = 0; i < names.length; i++) {
      ByteString value = metadata.get(names[i]);
      if (value == null || value.size() != lengths[i]) {
        return 0;
      }
      value.copyTo(head, starts[i]);
    }
    return bytes.length;
  }

  /** Remembers entries that were written to the start of {@code head}. */
  void remember(Map<String, ByteString> metadata, byte[] head, int headLength) {
    bytes = new byte[0];
    if (headLength > MAX_LENGTH) {
      return;
    }
    int end = 0;
    int found = 0;
    for (Map.Entry<String, ByteString> entry : metadata.entrySet()) {
      int length = entry.getValue().size();
      end += PayloadSlices.entryLength(entry.getKey().length(), length);
      names[found] = entry.getKey();
      starts[found] = end - length;
      lengths[found++] = length;
    }
    // A name that is not ASCII has more bytes than characters.
    if (end == headLength) {
      bytes = Arrays.copyOf(head, headLength);
    }
  }
}
