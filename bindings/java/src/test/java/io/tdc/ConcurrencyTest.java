package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ConcurrencyTest {
  private static final int THREADS = 8;

  @Test
  void oneHandleServesManyThreads() throws Exception {
    try (Tdc tdc = Tdc.parse(Configs.withKey("[zstd, encrypt]"), Configs.HERE)) {
      PayloadCodec codec = tdc.payloadCodec();
      inThreads(
          thread -> {
            for (int i = 0; i < 500; i++) {
              List<Payload> values =
                  List.of(Configs.json(thread + ":" + i), Configs.json("x".repeat(i * 7)));
              assertEquals(values, codec.decode(codec.encode(values)));
            }
          });
    }
  }

  @Test
  void closeDuringACallIsAnException() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    KeyProvider provider =
        id -> {
          asked.countDown();
          answer.await();
          return Configs.KEY;
        };
    Tdc tdc = Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(provider).open();
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<List<Payload>> call =
          executor.submit(() -> tdc.payloadCodec().encode(List.of(Configs.json(1))));
      asked.await();
      assertThrows(IllegalStateException.class, tdc::close);
      answer.countDown();
      assertEquals(1, call.get().size());
      tdc.close();
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void closeAmongCallsNeverCrashes() throws Exception {
    for (int round = 0; round < 100; round++) {
      Tdc tdc = Configs.encrypting();
      PayloadCodec codec = tdc.payloadCodec();
      List<Payload> values = List.of(Configs.json("round " + round));
      AtomicBoolean closed = new AtomicBoolean();
      inThreads(
          thread -> {
            for (int i = 0; i < 200 && !closed.get(); i++) {
              if (thread == 0 && i > 20) {
                closed.compareAndSet(false, tryClose(tdc));
              }
              try {
                assertEquals(values, codec.decode(codec.encode(values)));
              } catch (IllegalStateException e) {
                assertTrue(e.getMessage().contains("closed"), e.getMessage());
              }
            }
          });
      tdc.close();
      assertThrows(IllegalStateException.class, () -> codec.encode(values));
    }
  }

  @Test
  void aForgottenHandleIsFreed() throws Exception {
    for (int i = 0; i < 50; i++) {
      assertEquals(1, Configs.encrypting().payloadCodec().encode(List.of(Configs.json(i))).size());
    }
    System.gc();
    try (Tdc tdc = Configs.encrypting()) {
      assertEquals(1, tdc.payloadCodec().encode(List.of(Configs.json(1))).size());
    }
  }

  private static boolean tryClose(Tdc tdc) {
    try {
      tdc.close();
      return true;
    } catch (IllegalStateException e) {
      assertTrue(e.getMessage().contains("in flight"), e.getMessage());
      return false;
    }
  }

  private interface Body {
    void run(int thread) throws Exception;
  }

  private static void inThreads(Body body) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(
            executor.submit(
                () -> {
                  body.run(thread);
                  return null;
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}
