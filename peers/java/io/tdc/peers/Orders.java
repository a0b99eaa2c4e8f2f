package io.tdc.peers;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import java.util.Locale;
import java.util.Random;

/** JSON as a workflow might carry it. */
final class Orders {
  private static final String[] NAMES = {"Ada Lovelace", "Grace Hopper", "Alan Turing"};
  private static final String[] STATES = {"created", "paid", "shipped", "delivered"};

  private Orders() {}

  /** A payload with a JSON list of at most {@code size} bytes. */
  static Payload payload(int size) {
    Random random = new Random(20261122);
    StringBuilder text = new StringBuilder("[").append(order(random));
    while (true) {
      String next = "," + order(random);
      if (text.length() + next.length() + 1 > size) {
        break;
      }
      text.append(next);
    }
    return Payload.newBuilder()
        .putMetadata("encoding", ByteString.copyFromUtf8("json/plain"))
        .setData(ByteString.copyFromUtf8(text.append("]").toString()))
        .build();
  }

  private static String order(Random random) {
    return String.format(
        Locale.ROOT,
        "{\"orderId\":\"%08x-%04x\",\"customer\":{\"name\":\"%s\",\"email\":\"customer%d@example.com\"},"
            + "\"items\":[{\"sku\":\"BOOK-%05d\",\"quantity\":%d,\"price\":\"%d.%02d\"}],"
            + "\"status\":\"%s\",\"createdAt\":\"2026-%02d-%02dT12:30:00Z\"}",
        random.nextInt(),
        random.nextInt(1 << 16),
        NAMES[random.nextInt(NAMES.length)],
        random.nextInt(1000),
        random.nextInt(100_000),
        1 + random.nextInt(9),
        random.nextInt(500),
        random.nextInt(100),
        STATES[random.nextInt(STATES.length)],
        1 + random.nextInt(12),
        1 + random.nextInt(28));
  }
}
