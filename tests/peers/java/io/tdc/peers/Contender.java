package io.tdc.peers;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** One codec at one case: how long it takes for one payload. */
final class Contender {
  /** What every call gave is added up here, so that the JIT cannot leave a call out. */
  private static volatile long sink;

  final String name;
  private final PayloadCodec codec;
  private final boolean encode;
  private final List<Payload> input;
  private final List<Double> rounds = new ArrayList<>();

  Contender(String name, PayloadCodec codec, boolean encode, List<Payload> values) {
    this.name = name;
    this.codec = codec;
    this.encode = encode;
    this.input = encode ? values : codec.encode(values);
  }

  /** Payloads as the SDK's converter makes them, with text that compresses to about a third. */
  static List<Payload> values(int size, int count) {
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

  /** Calls the codec for about so long and gives the nanoseconds for each payload. */
  double run(long nanos) {
    long calls = 0;
    long sum = 0;
    long start = System.nanoTime();
    long elapsed;
    do {
      List<Payload> output = encode ? codec.encode(input) : codec.decode(input);
      for (Payload payload : output) {
        sum += payload.getData().size() + payload.getMetadataCount();
      }
      calls++;
      elapsed = System.nanoTime() - start;
    } while (elapsed < nanos);
    sink += sum;
    return (double) elapsed / (calls * input.size());
  }

  /** A round that counts. */
  void measure(long nanos) {
    rounds.add(run(nanos));
  }

  double median() {
    double[] sorted = rounds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }
}
