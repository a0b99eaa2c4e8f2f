package io.tdc;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The requests of the last try of a call: those that Java answers, and the ids of those that {@code
 * libtdc_keys} answers, which stay in native memory so that no data key becomes a Java object.
 */
final class Asked {
  private static final int TYPE_BITS = 3;
  private static final int BYTES = 2;

  /** A {@code tdc.host.v1.Requests}. */
  final byte[] message;

  /** The {@code wrap} and {@code unwrap} requests that are not in the message. */
  final List<Long> ofKeyServices;

  private Asked(byte[] message, List<Long> ofKeyServices) {
    this.message = message;
    this.ofKeyServices = ofKeyServices;
  }

  /** All of them, for Java to answer. */
  static Asked all(byte[] message) {
    return new Asked(message, List.of());
  }

  /** Leaves the requests to key services in native memory. */
  static Asked besideKeyServices(ByteBuffer requests) {
    ByteBuffer others = ByteBuffer.allocate(requests.remaining());
    List<Long> ids = new ArrayList<>();
    while (requests.hasRemaining()) {
      int start = requests.position();
      readVarint(requests);
      int length = (int) readVarint(requests);
      int end = requests.position() + length;
      long id = 0;
      int kind = 0;
      while (requests.position() < end) {
        int tag = (int) readVarint(requests);
        long value = readVarint(requests);
        if (tag >>> TYPE_BITS == Requests.ID) {
          id = value;
        } else if ((tag & (1 << TYPE_BITS) - 1) == BYTES) {
          kind = tag >>> TYPE_BITS;
          requests.position(requests.position() + (int) value);
        }
      }
      if (KeyServiceRequest.isOne(kind)) {
        ids.add(id);
      } else {
        ByteBuffer request = requests.duplicate();
        request.position(start).limit(end);
        others.put(request);
      }
    }
    byte[] message = Arrays.copyOf(others.array(), others.position());
    Arrays.fill(others.array(), (byte) 0);
    return new Asked(message, ids);
  }

  private static long readVarint(ByteBuffer message) {
    long value = 0;
    int shift = 0;
    byte part;
    do {
      part = message.get();
      value |= (part & 0x7fL) << shift;
      shift += 7;
    } while (part < 0);
    return value;
  }
}
