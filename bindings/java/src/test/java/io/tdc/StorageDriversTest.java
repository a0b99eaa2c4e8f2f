package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tdc.examples.OrderWorkflow;
import io.temporal.api.common.v1.Payload;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.payload.storage.ExternalStorage;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.payload.storage.StorageDriverClaim;
import io.temporal.payload.storage.StorageDriverRetrieveContext;
import io.temporal.payload.storage.StorageDriverStoreContext;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The wrapper around storage drivers: the claims of every SDK, by the vectors and beyond. */
class StorageDriversTest {
  private static final Path VECTORS = Path.of("..", "..", "vectors", "claims", "claims.json");
  private static final StorageDriverStoreContext STORE = () -> null;
  private static final StorageDriverRetrieveContext RETRIEVE =
      new StorageDriverRetrieveContext() {};

  /** Returns the claims that it was given, and keeps what it is asked for. */
  private static final class Memory implements StorageDriver {
    private final String type;
    final List<StorageDriverClaim> claims = new ArrayList<>();
    final List<Object> contexts = new ArrayList<>();
    List<Payload> stored;
    List<StorageDriverClaim> retrieved;

    @SafeVarargs
    Memory(String type, Map<String, String>... claims) {
      this.type = type;
      for (Map<String, String> claim : claims) {
        this.claims.add(new StorageDriverClaim(claim));
      }
    }

    @Override
    public String getName() {
      return "orders";
    }

    @Override
    public String getType() {
      return type;
    }

    @Override
    public CompletableFuture<List<StorageDriverClaim>> store(
        StorageDriverStoreContext context, List<Payload> payloads) {
      contexts.add(context);
      stored = payloads;
      return CompletableFuture.completedFuture(claims);
    }

    @Override
    public CompletableFuture<List<Payload>> retrieve(
        StorageDriverRetrieveContext context, List<StorageDriverClaim> given) {
      contexts.add(context);
      retrieved = given;
      return CompletableFuture.completedFuture(stored);
    }
  }

  @TestFactory
  List<DynamicTest> vectors() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode vector : new ObjectMapper().readTree(VECTORS.toFile()).get("vectors")) {
      tests.add(DynamicTest.dynamicTest(vector.get("name").asText(), () -> run(vector)));
    }
    assertTrue(tests.size() > 1, "there are no vectors in " + VECTORS);
    return tests;
  }

  private static void run(JsonNode vector) throws Exception {
    Memory inner = new Memory(vector.get("type").asText(), claim(vector.get("claim")));
    StorageDriver driver = StorageDrivers.wrap(inner);
    JsonNode expect = vector.get("expect");
    if (expect.has("claim")) {
      List<StorageDriverClaim> expected =
          List.of(new StorageDriverClaim(claim(expect.get("claim"))));
      assertEquals(expected, driver.store(STORE, List.of()).get());
      driver.retrieve(RETRIEVE, inner.claims).get();
      assertEquals(expected, inner.retrieved);
      return;
    }
    List<String> names = new ArrayList<>();
    expect.get("names").forEach(name -> names.add(name.asText()));
    for (CompletableFuture<?> refused :
        List.of(driver.store(STORE, List.of()), driver.retrieve(RETRIEVE, inner.claims))) {
      TdcException error = failure(refused);
      assertEquals(expect.get("error").asText(), error.codeName());
      assertEquals(OptionalInt.of(0), error.payloadIndex());
      String message =
          "TDC_ERR_REFERENCE (payload 0): the claim of the storage driver \"orders\" is"
              + " contradictory: its "
              + String.join(" and ", names)
              + " disagree";
      assertEquals(message, error.getMessage());
    }
    assertNull(inner.retrieved);
  }

  @Test
  void everythingElseIsTheDrivers() throws Exception {
    Memory inner =
        new Memory(
            "aws.s3driver",
            Map.of("hash_value", "1"),
            Map.of("key", "b"),
            Map.of("hashValue", "3"));
    StorageDriver driver = StorageDrivers.wrap(inner);
    assertEquals("orders", driver.getName());
    assertEquals("aws.s3driver", driver.getType());
    List<Payload> payloads = List.of(Configs.json("a"), Configs.json("b"), Configs.json("c"));
    List<StorageDriverClaim> claims = driver.store(STORE, payloads).get();
    List<Map<String, String>> data = new ArrayList<>();
    claims.forEach(claim -> data.add(claim.getClaimData()));
    assertEquals(
        List.of(
            Map.of("hash_value", "1", "hashValue", "1"),
            Map.of("key", "b"),
            Map.of("hash_value", "3", "hashValue", "3")),
        data);
    assertSame(payloads, driver.retrieve(RETRIEVE, claims).get());
    assertSame(payloads, inner.stored);
    assertEquals(List.of(STORE, RETRIEVE), inner.contexts);
  }

  @Test
  void theClaimThatDisagreesIsNamed() {
    Memory inner = new Memory("aws.s3driver");
    List<StorageDriverClaim> claims =
        List.of(
            new StorageDriverClaim(Map.of()),
            new StorageDriverClaim(Map.of("hash_value", "aaa", "hashValue", "bbb")));
    TdcException error = failure(StorageDrivers.wrap(inner).retrieve(RETRIEVE, claims));
    assertEquals(OptionalInt.of(1), error.payloadIndex());
    assertEquals(115, error.code());
    assertTrue(!error.isTransient());
  }

  /** The SDK stores by one wrapped driver, and what another language stored is retrieved. */
  @Test
  void theSdkStoresAndRetrievesByIt() {
    MapDriver inner = new MapDriver("s3");
    ExternalStorage storage =
        ExternalStorage.newBuilder()
            .setDriver(StorageDrivers.wrap(inner))
            .setPayloadSizeThreshold(0)
            .build();
    try (Tdc tdc = Configs.encrypting();
        TestWorkflowEnvironment environment =
            TestWorkflowEnvironment.newInstance(
                TestEnvironmentOptions.newBuilder()
                    .setWorkflowClientOptions(
                        WorkflowClientOptions.newBuilder()
                            .setDataConverter(tdc.dataConverter())
                            .setExternalStorage(storage)
                            .build())
                    .build())) {
      Worker worker = environment.newWorker(OrderWorkflow.TASK_QUEUE);
      worker.registerWorkflowImplementationTypes(OrderWorkflow.Definition.class);
      worker.registerActivitiesImplementations(new OrderWorkflow.Cashier());
      environment.start();
      WorkflowStub stub =
          environment
              .getWorkflowClient()
              .newUntypedWorkflowStub(
                  "OrderWorkflow",
                  WorkflowOptions.newBuilder().setTaskQueue(OrderWorkflow.TASK_QUEUE).build());
      stub.start("Ada", 4200);
      assertEquals("done: Ada paid 4200 cents", stub.getResult(String.class));
    }
    assertFalse(inner.rounds.isEmpty());
    for (List<StorageDriverClaim> round : inner.rounds) {
      for (StorageDriverClaim claim : round) {
        Map<String, String> data = claim.getClaimData();
        assertEquals(data.get("hashValue"), data.get("hash_value"));
        assertEquals("sha256", data.get("hash_algorithm"));
      }
    }
    for (Payload stored : inner.payloads.values()) {
      assertEquals("binary/encrypted", stored.getMetadataOrThrow("encoding").toStringUtf8());
    }
  }

  private static TdcException failure(CompletableFuture<?> failed) {
    Throwable cause = assertThrows(ExecutionException.class, failed::get).getCause();
    return assertInstanceOf(TdcException.class, cause);
  }

  private static Map<String, String> claim(JsonNode node) {
    Map<String, String> claim = new HashMap<>();
    node.fieldNames().forEachRemaining(name -> claim.put(name, node.get(name).asText()));
    return claim;
  }
}
