package io.tdc.peers;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;

/** Something to be measured at one case: how long a call takes. */
final class Contender {
  /** What every call gave is added up here, so that the JIT cannot leave a call out. */
  private static volatile long sink;

  final String name;
  private final LongSupplier call;
  private final List<Double> rounds = new ArrayList<>();

  /**
   * A call that gives a number which depends on all that it did.
   *
   * @param name what the results call it
   */
  Contender(String name, LongSupplier call) {
    this.name = name;
    this.call = call;
  }

  /** A codec that encodes. */
  static Contender encoding(String name, PayloadCodec codec, List<Payload> values) {
    return new Contender(name, () -> sum(codec.encode(values)));
  }

  /** A codec that decodes what it made. */
  static Contender decoding(String name, PayloadCodec codec, List<Payload> values) {
    List<Payload> encoded = codec.encode(values);
    return new Contender(name, () -> sum(codec.decode(encoded)));
  }

  private static long sum(List<Payload> payloads) {
    long sum = 0;
    for (Payload payload : payloads) {
      sum += payload.getData().size() + payload.getMetadataCount();
    }
    return sum;
  }

  /** Payloads as the SDK's converter makes them, with text that compresses to about a third. */
  static List<Payload> texts(int size, int count) {
    Random random = new Random(20261122);
    List<Payload> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder(size);
      text.append('"');
      while (text.length() < size - 1) {
        text.append("order ").append(random.nextInt(1 << 20)).append(" shipped, ");
      }
      text.setLength(size - 1);
      text.append('"');
      values.add(
          Payload.newBuilder()
              .putMetadata("encoding", ByteString.copyFromUtf8("json/plain"))
              .setData(ByteString.copyFromUtf8(text.toString()))
              .build());
    }
    return values;
  }

  /** Makes calls for about so long, but at least so many, and gives the nanoseconds for each. */
  double run(long nanos, int least) {
    long calls = 0;
    long sum = 0;
    long start = System.nanoTime();
    long elapsed;
    do {
      sum += call.getAsLong();
      calls++;
      elapsed = System.nanoTime() - start;
    } while (elapsed < nanos || calls < least);
    sink += sum;
    return (double) elapsed / calls;
  }

  /** Makes so many calls, and gives the nanoseconds for all of them. */
  long time(int calls) {
    long sum = 0;
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      sum += call.getAsLong();
    }
    long elapsed = System.nanoTime() - start;
    sink += sum;
    return elapsed;
  }

  /** A round that counts. */
  void measure(long nanos) {
    rounds.add(run(nanos, 1));
  }

  double median() {
    return median(rounds.stream().mapToDouble(Double::doubleValue).toArray());
  }

  static double median(double[] values) {
    double[] sorted = Arrays.stream(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }
}
