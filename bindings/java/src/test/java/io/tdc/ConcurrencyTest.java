package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import com.google.type.Money;
import com.google.type.PostalAddress;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ConcurrencyTest {
  private static final int THREADS = 8;
  private static final String CONVERTING =
      "version: 1\nconverters: [null, bytes, json-protobuf, msgpack]\n"
          + "failures: { encode_common_attributes: true }\n";

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

  /** Every thread comes with a type that the library does not know yet. */
  @Test
  void oneHandleConvertsForManyThreads() throws Exception {
    for (int round = 0; round < 10; round++) {
      try (Tdc tdc = Tdc.parse(CONVERTING, Configs.HERE)) {
        DataConverter converter = tdc.dataConverter();
        inThreads(
            thread -> {
              for (int i = 0; i < 50; i++) {
                Message value =
                    i % 2 == 0
                        ? Money.newBuilder().setUnits(thread).build()
                        : PostalAddress.newBuilder().setRevision(i).build();
                Payload payload = converter.toPayload(value).orElseThrow();
                assertEquals(
                    value, converter.fromPayload(payload, value.getClass(), value.getClass()));
                String text = thread + ":" + i + "x".repeat(i * 700);
                Failure failure = converter.exceptionToFailure(new IOException(text));
                assertTrue(converter.failureToException(failure).getMessage().contains(text));
              }
            });
      }
    }
  }

  @Test
  void closeAmongConversionsNeverCrashes() throws Exception {
    for (int round = 0; round < 50; round++) {
      Tdc tdc = Tdc.parse(CONVERTING, Configs.HERE);
      DataConverter converter = tdc.dataConverter();
      AtomicBoolean closed = new AtomicBoolean();
      inThreads(
          thread -> {
            for (int i = 0; i < 200 && !closed.get(); i++) {
              if (thread == 0 && i > 20) {
                tdc.close();
                closed.set(true);
              }
              try {
                Payloads values = converter.toPayloads(i, "x").orElseThrow();
                assertEquals(values, tdc.encodeMessage(values));
                assertEquals(
                    i, converter.fromPayloads(0, Optional.of(values), int.class, int.class));
              } catch (IllegalStateException e) {
                assertTrue(e.getMessage().contains("closed"), e.getMessage());
              }
            }
          });
      tdc.close();
    }
  }

  @Test
  void aCallInFlightEndsAfterClose() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    KeyProvider provider =
        id -> {
          asked.countDown();
          answer.await();
          return Configs.KEY;
        };
    Tdc tdc = Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(provider).open();
    PayloadCodec codec = tdc.payloadCodec();
    List<Payload> values = List.of(Configs.json(1));
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<List<Payload>> call = executor.submit(() -> codec.encode(values));
      asked.await();
      tdc.close();
      assertThrows(IllegalStateException.class, () -> codec.encode(values));
      answer.countDown();
      assertEquals(1, call.get().size());
      assertThrows(IllegalStateException.class, () -> codec.encode(values));
    } finally {
      executor.shutdownNow();
    }
  }

  /** The last call in flight frees, nothing else does, and never twice. */
  @Test
  void closeFreesWithTheLastCall() {
    AtomicInteger freed = new AtomicInteger();
    Handle opened = Handle.open(Configs.HERE, Configs.withKey("[encrypt]"), null);
    Handle handle = new Handle(opened.acquire(), pointer -> freed.incrementAndGet());
    handle.acquire();
    handle.acquire();
    handle.close();
    assertThrows(IllegalStateException.class, handle::acquire);
    handle.release();
    assertEquals(0, freed.get());
    handle.release();
    assertEquals(1, freed.get());
    assertThrows(IllegalStateException.class, handle::acquire);
    handle.close();
    assertEquals(1, freed.get());
    opened.release();
    opened.close();
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
                tdc.close();
                closed.set(true);
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
  @Timeout(60)
  void aForgottenHandleIsFreed() throws Exception {
    AtomicInteger freed = new AtomicInteger();
    for (int i = 0; i < 50; i++) {
      useAndForget(freed);
    }
    while (freed.get() < 50) {
      System.gc();
      Thread.sleep(10);
    }
    assertEquals(50, freed.get());
  }

  private static void useAndForget(AtomicInteger freed) {
    Handle opened = Handle.open(Configs.HERE, Configs.withKey("[encrypt]"), null);
    LongConsumer free =
        pointer -> {
          freed.incrementAndGet();
          opened.close();
        };
    Handle handle = new Handle(opened.acquire(), free);
    opened.release();
    Tdc tdc = new Tdc(handle, Outside.none(), new PayloadConverter[0], false);
    assertEquals(1, tdc.payloadCodec().encode(List.of(Configs.json(1))).size());
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
