package io.tdc;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Objects;
import javax.annotation.Nullable;

/**
 * The metadata that was written last, as bytes. Nearly all payloads of a program have one of two:
 * an encoding alone, or an encoding and a key id.
 */
final class RememberedHead {
  /** Longer ones are not remembered: this bounds the memory, whatever payloads bring. */
  private static final int MAX_LENGTH = 256;

  @Nullable private ByteString encoding;
  @Nullable private ByteString keyId;
  private byte[] bytes = {};

  boolean matches(@Nullable ByteString otherEncoding, @Nullable ByteString otherKeyId) {
    return otherEncoding != null
        && otherEncoding.equals(encoding)
        && Objects.equals(otherKeyId, keyId);
  }

  /** Writes the bytes to the start of {@code head}, and says how many they are. */
  int copyTo(byte[] head) {
    System.arraycopy(bytes, 0, head, 0, bytes.length);
    return bytes.length;
  }

  /** Takes copies: the payload's own objects may be small parts of large arrays. */
  void remember(
      ByteString newEncoding, @Nullable ByteString newKeyId, byte[] head, int headLength) {
    if (headLength > MAX_LENGTH) {
      return;
    }
    encoding = ByteString.copyFrom(newEncoding.toByteArray());
    keyId = newKeyId == null ? null : ByteString.copyFrom(newKeyId.toByteArray());
    bytes = Arrays.copyOf(head, headLength);
  }
}
