package io.tdc;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.temporal.api.common.v1.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A payload in the library's form, as two slices: {@code head} is every field but {@code data},
 * then the tag and the length of {@code data}; {@code data} is its contents, in the payload's own
 * array. So a large payload is never serialised, only its few bytes of metadata are.
 *
 * <p>One of these is kept for each thread, with the space for a list of payloads and with what
 * reads the answers.
 */
final class PayloadSlices {
  private static final ThreadLocal<PayloadSlices> OF_THREAD =
      ThreadLocal.withInitial(PayloadSlices::new);
  private static final byte[] EMPTY = {};

  /**
   * A larger head is dropped after its call, so that no thread keeps a payload's worth of memory.
   */
  private static final int KEPT_HEAD = 4096;

  private static final int KEPT_BATCH = 128 * 1024;

  /** {@code Payloads.payloads}: field 1, length-delimited. */
  private static final byte PAYLOADS_TAG = 0x0a;

  /** {@code metadata}: field 1, a length-delimited map entry. */
  private static final byte METADATA_TAG = 0x0a;

  private static final byte ENTRY_KEY_TAG = 0x0a;
  private static final byte ENTRY_VALUE_TAG = 0x12;
  private static final byte DATA_TAG = 0x12;
  private static final int MAX_VARINT = 5;

  final PayloadReader reader = new PayloadReader();
  private final DataCapture capture = new DataCapture();
  private final RememberedHead[] remembered = RememberedHead.forEachCount();

  byte[] head = new byte[2 * RememberedHead.MAX_LENGTH];
  int headLength;
  byte[] data = EMPTY;
  int dataOffset;
  int dataLength;

  /** A serialised {@code Payloads}, for a call on many. */
  byte[] batch = new byte[1024];

  int batchLength;

  private PayloadSlices() {}

  static PayloadSlices ofThread() {
    return OF_THREAD.get();
  }

  int length() {
    return Math.addExact(headLength, dataLength);
  }

  void set(Payload payload) {
    data = EMPTY;
    dataOffset = 0;
    dataLength = 0;
    if (PayloadFields.hasMore(payload)) {
      setWhole(payload.toByteArray());
      return;
    }
    setMetadata(payload.getMetadataMap());
    ByteString contents = payload.getData();
    if (!contents.isEmpty()) {
      capture.take(contents);
      ensure(1 + MAX_VARINT);
      head[headLength++] = DATA_TAG;
      writeVarint(dataLength);
    }
  }

  /** Makes {@link #batch} of the payloads. */
  void set(List<Payload> payloads) {
    batchLength = 0;
    for (Payload payload : payloads) {
      append(payload);
    }
  }

  /** Appends the payload to {@link #batch}, as a field of {@code Payloads}. */
  private void append(Payload payload) {
    set(payload);
    int length = length();
    ensureBatch(Math.addExact(length, 1 + MAX_VARINT));
    batch[batchLength++] = PAYLOADS_TAG;
    batchLength = writeVarint(batch, batchLength, length);
    System.arraycopy(head, 0, batch, batchLength, headLength);
    System.arraycopy(data, dataOffset, batch, batchLength + headLength, dataLength);
    batchLength += length;
  }

  private void ensureBatch(int more) {
    int needed = Math.addExact(batchLength, more);
    if (needed > batch.length) {
      batch = Arrays.copyOf(batch, Math.max(needed, Math.multiplyExact(batch.length, 2)));
    }
  }

  private void setMetadata(Map<String, ByteString> metadata) {
    int count = metadata.size();
    RememberedHead last = count < remembered.length ? remembered[count] : null;
    headLength = last == null ? 0 : last.write(metadata, head);
    if (headLength != 0) {
      return;
    }
    for (Map.Entry<String, ByteString> entry : metadata.entrySet()) {
      writeEntry(ByteString.copyFromUtf8(entry.getKey()), entry.getValue());
    }
    if (last != null) {
      last.remember(metadata, head, headLength);
    }
  }

  /** Drops the payload, so that this thread does not keep it alive. */
  void clear() {
    data = EMPTY;
    batchLength = 0;
    if (batch.length > KEPT_BATCH) {
      batch = new byte[1024];
    }
    if (head.length > KEPT_HEAD) {
      head = new byte[KEPT_HEAD];
    }
  }

  /** The rare shape: with more than metadata and data, the payload crosses as it would be sent. */
  private void setWhole(byte[] serialized) {
    headLength = 0;
    ensure(serialized.length);
    System.arraycopy(serialized, 0, head, 0, serialized.length);
    headLength = serialized.length;
  }

  private void writeEntry(ByteString key, ByteString value) {
    int length = Math.addExact(fieldLength(key.size()), fieldLength(value.size()));
    ensure(Math.addExact(1 + MAX_VARINT, length));
    head[headLength++] = METADATA_TAG;
    writeVarint(length);
    writeField(ENTRY_KEY_TAG, key);
    writeField(ENTRY_VALUE_TAG, value);
  }

  private void writeField(byte tag, ByteString value) {
    head[headLength++] = tag;
    writeVarint(value.size());
    value.copyTo(head, headLength);
    headLength += value.size();
  }

  private void ensure(int more) {
    int needed = Math.addExact(headLength, more);
    if (needed > head.length) {
      head = Arrays.copyOf(head, Math.max(needed, Math.multiplyExact(head.length, 2)));
    }
  }

  private void writeVarint(int value) {
    headLength = writeVarint(head, headLength, value);
  }

  private static int writeVarint(byte[] out, int start, int value) {
    int at = start;
    int rest = value;
    while (rest > 0x7f) {
      out[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    out[at++] = (byte) rest;
    return at;
  }

  /** How long a map entry is whose key and value have so many bytes. */
  static int entryLength(int keyLength, int valueLength) {
    return fieldLength(fieldLength(keyLength) + fieldLength(valueLength));
  }

  private static int fieldLength(int length) {
    return Math.addExact(1 + varintLength(length), length);
  }

  static int varintLength(int value) {
    return (38 - Integer.numberOfLeadingZeros(value | 1)) / 7;
  }

  /**
   * Finds the array of a {@link ByteString}: {@code unsafeWriteTo} passes the array itself. A
   * string in several segments, or outside the heap, is copied.
   */
  private final class DataCapture extends ByteOutput {
    private int slices;

    void take(ByteString contents) {
      slices = 0;
      try {
        UnsafeByteOperations.unsafeWriteTo(contents, this);
      } catch (IOException e) {
        throw new IllegalStateException("this ByteOutput does no input or output", e);
      }
      if (slices != 1 || dataLength != contents.size()) {
        data = contents.toByteArray();
        dataOffset = 0;
        dataLength = data.length;
      }
    }

    @Override
    public void writeLazy(byte[] value, int offset, int length) {
      slices++;
      data = value;
      dataOffset = offset;
      dataLength = length;
    }

    @Override
    public void write(byte value) {
      notOneSlice();
    }

    @Override
    public void write(byte[] value, int offset, int length) {
      notOneSlice();
    }

    @Override
    public void write(ByteBuffer value) {
      notOneSlice();
    }

    @Override
    public void writeLazy(ByteBuffer value) {
      notOneSlice();
    }

    private void notOneSlice() {
      slices += 2;
    }
  }
}
