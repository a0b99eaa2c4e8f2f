package io.tdc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Creates {@link Payload}s from the library's results without copying their contents.
 *
 * <p>Nearly all answers of a program start with the same few bytes of metadata ({@code json/plain},
 * or the encryption's key id), so the last heads are remembered with a builder of what they mean. A
 * builder that is used again gives payloads that share one map, which is most of what a small
 * payload costs otherwise.
 *
 * <p>The arrays that are read must not be changed afterwards.
 */
final class PayloadReader {
  private static final int SLOTS = 16;

  /** Longer heads are not cached: this bounds the memory, whatever the payloads contain. */
  private static final int MAX_REMEMBERED = RememberedHead.MAX_LENGTH;

  private static final byte METADATA_TAG = 0x0a;
  private static final byte DATA_TAG = 0x12;
  private static final byte PAYLOADS_TAG = 0x0a;

  private final Entry[] entries = new Entry[SLOTS];

  /** Reads the payload at the start of an array, whose {@code data} the library has located. */
  Payload read(byte[] answer, int length, int dataOffset, int dataLength)
      throws InvalidProtocolBufferException {
    if (dataOffset + dataLength != length) {
      return parse(answer, 0, length);
    }
    if (dataLength == 0) {
      return assemble(answer, 0, length, length, length);
    }
    int head = dataOffset - PayloadSlices.varintLength(dataLength) - 1;
    Cursor cursor = new Cursor(answer, Math.max(head, 0), length);
    if (cursor.tag() != DATA_TAG || cursor.length() != dataLength || cursor.at != dataOffset) {
      return parse(answer, 0, length);
    }
    return assemble(answer, 0, head, dataOffset, length);
  }

  /** Reads a serialised {@code Payloads} into a list of this size. */
  List<Payload> readAll(byte[] answer, int count) throws InvalidProtocolBufferException {
    Payload[] payloads = new Payload[count];
    Cursor cursor = new Cursor(answer, 0, answer.length);
    for (int i = 0; i < count; i++) {
      int length = cursor.tag() == PAYLOADS_TAG ? cursor.length() : -1;
      if (length < 0) {
        return Payloads.parseFrom(answer).getPayloadsList();
      }
      payloads[i] = read(answer, cursor.at, cursor.at + length);
      cursor.at += length;
    }
    return Collections.unmodifiableList(Arrays.asList(payloads));
  }

  /**
   * Reads the payload between {@code start} and {@code end}: metadata, then at most data, or any
   * other.
   */
  private Payload read(byte[] answer, int start, int end) throws InvalidProtocolBufferException {
    Cursor cursor = new Cursor(answer, start, end);
    int head = start;
    while (head < end) {
      byte tag = cursor.tag();
      int length = cursor.length();
      if (tag == DATA_TAG && length >= 0 && cursor.at + length == end) {
        return assemble(answer, start, head, cursor.at, end);
      }
      if (tag != METADATA_TAG || length < 0) {
        return parse(answer, start, end);
      }
      cursor.at += length;
      head = cursor.at;
    }
    return assemble(answer, start, end, end, end);
  }

  /**
   * A payload whose head ends at {@code headEnd}, and whose data is from {@code data} to {@code
   * end}.
   */
  private Payload assemble(byte[] answer, int start, int headEnd, int data, int end)
      throws InvalidProtocolBufferException {
    int headLength = headEnd - start;
    if (headLength > MAX_REMEMBERED) {
      return parse(answer, start, end);
    }
    int slot = headLength % SLOTS;
    Entry known = entries[slot];
    if (known == null || !known.matches(answer, start, headEnd)) {
      byte[] bytes = Arrays.copyOfRange(answer, start, headEnd);
      Payload head = Payload.parseFrom(bytes);
      if (PayloadFields.hasMore(head)) {
        return parse(answer, start, end);
      }
      known = new Entry(bytes, head.toBuilder());
      entries[slot] = known;
    }
    if (data == end) {
      return known.payload.build();
    }
    known.payload.setData(UnsafeByteOperations.unsafeWrap(answer, data, end - data));
    Payload payload = known.payload.build();
    known.payload.clearData(); // so that this thread does not keep it alive
    return payload;
  }

  private static Payload parse(byte[] answer, int start, int end)
      throws InvalidProtocolBufferException {
    CodedInputStream input =
        UnsafeByteOperations.unsafeWrap(answer, start, end - start).newCodedInput();
    input.enableAliasing(true);
    return Payload.parser().parseFrom(input);
  }

  /** A head and what it means; a copy, so that no answer is kept alive for its first bytes. */
  private static final class Entry {
    final byte[] head;
    final Payload.Builder payload;

    Entry(byte[] head, Payload.Builder payload) {
      this.head = head;
      this.payload = payload;
    }

    boolean matches(byte[] answer, int start, int end) {
      return Arrays.equals(head, 0, head.length, answer, start, end);
    }
  }

  /** Reads the tags and lengths of the usual spelling; the parser reads whatever this does not. */
  private static final class Cursor {
    final byte[] bytes;
    final int end;
    int at;

    Cursor(byte[] bytes, int at, int end) {
      this.bytes = bytes;
      this.at = at;
      this.end = end;
    }

    /** A tag of one byte, or 0, which is none. */
    byte tag() {
      return at < end ? bytes[at++] : 0;
    }

    /** A length that fits what is left, or -1. */
    int length() {
      int value = 0;
      for (int shift = 0; shift <= 28 && at < end; shift += 7) {
        byte next = bytes[at++];
        value |= (next & 0x7f) << shift;
        if (next >= 0) {
          return value >= 0 && value <= end - at ? value : -1;
        }
      }
      return -1;
    }
  }
}
