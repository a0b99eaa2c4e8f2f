package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.util.JsonFormat;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.history.v1.History;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.history.v1.WorkflowExecutionStartedEventAttributes;
import io.temporal.common.CancellationToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Stored payloads in the places of their references, by storage drivers of the program. */
class StoredTest {
  private static final String STORE = "{ s3: { region: eu-central-1 }, buckets: [orders] }";
  private static final Payload ONE = Configs.json(1);
  private static final Payload TWO = Configs.json(2);

  private static Tdc open(String namespace, String... more) {
    String document =
        Configs.withKey("[encrypt]")
            + "storage:\n  stores: { s3: "
            + STORE
            + ", other: "
            + STORE
            + " }\n"
            + String.join("", more);
    TdcBuilder builder = Tdc.builder(document, Configs.HERE);
    return namespace.isEmpty() ? builder.open() : builder.namespace(namespace).open();
  }

  private static History history(List<Payload> input) {
    return History.newBuilder()
        .addEvents(
            HistoryEvent.newBuilder()
                .setEventId(1)
                .setWorkflowExecutionStartedEventAttributes(
                    WorkflowExecutionStartedEventAttributes.newBuilder()
                        .setInput(Payloads.newBuilder().addAllPayloads(input))))
        .build();
  }

  @Test
  void storedPayloadsTakeThePlacesOfTheirReferences() throws Exception {
    MapDriver s3 = new MapDriver("s3");
    MapDriver other = new MapDriver("other");
    // One more than two rounds of one driver, and one of another.
    List<Payload> plain = new ArrayList<>();
    for (int number = 0; number < 33; number++) {
      plain.add(Configs.json(number));
    }
    try (Tdc tdc = open("orders")) {
      List<Payload> sealed = tdc.payloadCodec().encode(plain);
      List<Payload> given = s3.refer(sealed);
      given.add(given.get(0));
      given.addAll(other.refer(List.of(plain.get(0))));
      given.add(sealed.get(1));
      List<Payload> all = new ArrayList<>(plain);
      all.addAll(List.of(plain.get(0), plain.get(0), plain.get(1)));
      History message = history(given);
      MessageOption drivers = StorageDrivers.retrieveWith(s3, other);

      assertEquals(history(all), tdc.decodeMessage(message, drivers));
      assertEquals(3, s3.rounds.size());
      List<String> keys = new ArrayList<>();
      s3.rounds.forEach(
          round -> {
            assertTrue(round.size() <= 16);
            round.forEach(claim -> keys.add(claim.getClaimData().get("key")));
          });
      Collections.sort(keys);
      List<String> stored = new ArrayList<>(s3.payloads.keySet());
      Collections.sort(stored);
      assertEquals(stored, keys, "each is asked for once");
      assertEquals(1, other.rounds.size());
      String key = other.payloads.keySet().iterator().next();
      String hash = key.substring(MapDriver.PREFIX.length());
      assertEquals(
          Map.of(
              "bucket",
              "orders",
              "key",
              key,
              "object",
              key,
              "object_name",
              key,
              "hash_algorithm",
              "sha256",
              "hashAlgorithm",
              "sha256",
              "hash_value",
              hash,
              "hashValue",
              hash),
          other.rounds.get(0).get(0).getClaimData());

      byte[] exported = JsonFormat.printer().print(message).getBytes(StandardCharsets.UTF_8);
      String decoded = new String(tdc.decodeHistory(exported, drivers), StandardCharsets.UTF_8);
      History.Builder read = History.newBuilder();
      JsonFormat.parser().merge(decoded, read);
      assertEquals(history(all), read.build());

      // Without drivers, and where messages are encoded, references stay.
      int rounds = s3.rounds.size();
      for (History kept :
          List.of(
              tdc.decodeMessage(message),
              tdc.decodeMessage(message, StorageDrivers.retrieveWith()),
              tdc.encodeMessage(message, drivers))) {
        assertEquals(given.get(0), input(kept).getPayloads(0));
      }
      assertEquals(rounds, s3.rounds.size());
    }
  }

  @Test
  void optionsAddUp() throws Exception {
    MapDriver s3 = new MapDriver("s3");
    MapDriver other = new MapDriver("other");
    MapDriver second = new MapDriver("s3");
    List<Payload> given = s3.refer(List.of(ONE));
    given.addAll(other.refer(List.of(TWO)));
    try (Tdc tdc = open("orders")) {
      assertEquals(
          history(List.of(ONE, TWO)),
          tdc.decodeMessage(
              history(given),
              StorageDrivers.retrieveWith(s3),
              StorageDrivers.retrieveWith(),
              StorageDrivers.retrieveWith(other, second)));
    }
    assertEquals(List.of(), second.rounds);
  }

  private static Payloads input(History history) {
    return history.getEvents(0).getWorkflowExecutionStartedEventAttributes().getInput();
  }

  @Test
  void whatADriverDoesNotRetrieveIsTransient() throws Exception {
    IllegalStateException moved = new IllegalStateException("the bucket has moved");
    assertSame(
        moved,
        failure(
            (found, context) -> CompletableFuture.failedFuture(moved),
            "IllegalStateException: the bucket has moved"));
    assertSame(
        moved,
        failure(
            (found, context) -> {
              throw moved;
            },
            "the bucket has moved"));
    assertSame(
        moved,
        failure(
            (found, context) ->
                CompletableFuture.supplyAsync(
                    () -> {
                      throw moved;
                    }),
            "the bucket has moved"));
    IOException checked = new IOException("the bucket has moved");
    assertSame(
        checked, failure((found, context) -> thrown(checked), "IOException: the bucket has moved"));
    InterruptedException interrupted = new InterruptedException("sleep interrupted");
    assertSame(interrupted, failure((found, context) -> thrown(interrupted), "sleep interrupted"));
    assertTrue(Thread.interrupted());
    CompletableFuture<List<Payload>> cancelled = new CompletableFuture<>();
    cancelled.cancel(false);
    assertInstanceOf(
        CancellationException.class, failure((found, context) -> cancelled, "Cancellation"));
    failure(
        (found, context) -> CompletableFuture.completedFuture(found.subList(1, 2)),
        "returned 1 payloads");
    failure((found, context) -> CompletableFuture.completedFuture(null), "returned 0 payloads");
    failure((found, context) -> null, "returned 0 payloads");
    failure(
        (found, context) -> CompletableFuture.completedFuture(Collections.nCopies(2, null)),
        "or none at some place, for 2 claims");
  }

  @Test
  void theCauseIsOfThePayloadThatTheErrorNames() throws Exception {
    IllegalStateException moved = new IllegalStateException("the bucket has moved");
    IllegalStateException closed = new IllegalStateException("the store is closed");
    MapDriver s3 =
        new MapDriver(
            "s3",
            (found, context) ->
                new CompletableFuture<List<Payload>>()
                    .orTimeout(20, TimeUnit.MILLISECONDS)
                    .exceptionallyCompose(late -> CompletableFuture.failedFuture(moved)));
    MapDriver other =
        new MapDriver("other", (found, context) -> CompletableFuture.failedFuture(closed));
    List<Payload> references = s3.refer(List.of(ONE));
    references.addAll(other.refer(List.of(TWO)));
    try (Tdc tdc = open("orders")) {
      TdcException error =
          assertThrows(
              TdcException.class,
              () -> tdc.decodeMessage(history(references), StorageDrivers.retrieveWith(other, s3)));
      assertTrue(error.getMessage().contains("the bucket has moved"), error.getMessage());
      assertSame(moved, error.getCause());
    }
  }

  /** Throws what is not declared, as code in Kotlin does. */
  @SuppressWarnings("unchecked")
  private static <E extends Exception> CompletableFuture<List<Payload>> thrown(Exception exception)
      throws E {
    throw (E) exception;
  }

  private static Throwable failure(MapDriver.Retrieve retrieve, String reason) throws Exception {
    MapDriver driver = new MapDriver("s3", retrieve);
    History message = history(driver.refer(List.of(ONE, TWO)));
    try (Tdc tdc = open("orders", "  timeout: 50 ms\n")) {
      TdcException error =
          assertThrows(
              TdcException.class,
              () -> tdc.decodeMessage(message, StorageDrivers.retrieveWith(driver)));
      assertEquals("TDC_ERR_STORAGE", error.codeName());
      assertTrue(error.isTransient());
      assertTrue(error.getMessage().contains(reason), error.getMessage());
      return error.getCause();
    }
  }

  @Test
  void aDriverThatIsTooSlowIsCancelled() throws Exception {
    AtomicReference<CancellationToken<CancellationException>> token = new AtomicReference<>();
    AtomicReference<CompletableFuture<List<Payload>>> answer = new AtomicReference<>();
    Set<String> called = new HashSet<>();
    Throwable cause =
        failure(
            (found, context) -> {
              token.set(context.getCancellationToken());
              answer.set(new CompletableFuture<>());
              token.get().throwIfCancellationRequested();
              token.get().onCancel(() -> called.add("kept"));
              token.get().onCancel(() -> called.add("closed")).close();
              return answer.get();
            },
            "no answer in 50 ms");
    assertInstanceOf(TimeoutException.class, cause);
    assertTrue(token.get().isCancellationRequested());
    assertThrows(CancellationException.class, token.get()::throwIfCancellationRequested);
    assertTrue(token.get().getCancellationFuture().isCompletedExceptionally());
    assertEquals(Set.of("kept"), called);
    assertTrue(answer.get().isCancelled());
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    AtomicReference<CancellationToken<CancellationException>> token = new AtomicReference<>();
    MapDriver driver =
        new MapDriver(
            "s3",
            (found, context) -> {
              token.set(context.getCancellationToken());
              Thread.currentThread().interrupt();
              return new CompletableFuture<>();
            });
    History message = history(driver.refer(List.of(ONE)));
    try (Tdc tdc = open("orders")) {
      TdcException error =
          assertThrows(
              TdcException.class,
              () -> tdc.decodeMessage(message, StorageDrivers.retrieveWith(driver)));
      assertTrue(Thread.interrupted());
      assertEquals("TDC_ERR_STORAGE", error.codeName());
      assertInstanceOf(InterruptedException.class, error.getCause());
      assertTrue(token.get().isCancellationRequested());
    }
  }

  @Test
  void noDriverSeesAReferenceThatMayNotBeFollowed() throws Exception {
    MapDriver driver = new MapDriver("s3");
    Payload mine = driver.refer(List.of(ONE)).get(0);
    Payload others = new MapDriver("other").refer(List.of(ONE)).get(0);
    assertRefused("TDC_ERR_REFERENCE", "payments", mine, driver);
    assertRefused("TDC_ERR_REFERENCE", "", mine, driver);
    assertRefused("TDC_ERR_REFERENCE", "orders", MapDriver.reference("gcs", Map.of()), driver);
    assertRefused("TDC_ERR_STORAGE", "orders", others, driver);
    assertEquals(List.of(), driver.rounds);
  }

  private static void assertRefused(
      String code, String namespace, Payload reference, MapDriver driver) {
    try (Tdc tdc = open(namespace)) {
      TdcException error =
          assertThrows(
              TdcException.class,
              () ->
                  tdc.decodeMessage(
                      history(List.of(reference)), StorageDrivers.retrieveWith(driver)));
      assertEquals(code, error.codeName());
    }
  }
}
