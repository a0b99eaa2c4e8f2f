package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many threads in a small heap. The JVM gives up with an {@code OutOfMemoryError} ("Retried waiting
 * for GCLocker too often") where native code keeps collections from starting, although there is
 * memory.
 */
class SmallHeapTest {
  private static final int THREADS = 32;
  private static final int ROUNDS = 150;

  /** Encodes and decodes in all threads. */
  public static final class Main {
    private Main() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) throws Exception {
      byte[] text = new byte[100_000];
      Payload value =
          Payload.newBuilder()
              .putMetadata("encoding", ByteString.copyFromUtf8("binary/plain"))
              .setData(ByteString.copyFrom(text))
              .build();
      List<String> errors = new ArrayList<>();
      try (Tdc tdc = Configs.encrypting()) {
        PayloadCodec codec = tdc.payloadCodec();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          Thread thread = new Thread(() -> work(codec, value));
          thread.setUncaughtExceptionHandler(
              (where, error) -> {
                synchronized (errors) {
                  errors.add(error.toString());
                }
              });
          thread.start();
          threads.add(thread);
        }
        for (Thread thread : threads) {
          thread.join();
        }
      }
      System.out.println("errors: " + errors);
    }

    private static void work(PayloadCodec codec, Payload value) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Payload> encoded = codec.encode(List.of(value));
        if (!codec.decode(encoded).equals(List.of(value))) {
          throw new AssertionError("another value came back");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:+UseSerialGC"})
  void noCollectionIsHeldBack(String collector) throws Exception {
    assertEquals("errors: []", OtherJvm.run(Main.class, "-Xmx48m", collector));
  }
}
