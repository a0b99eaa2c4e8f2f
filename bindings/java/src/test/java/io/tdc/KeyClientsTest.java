package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Data keys by the clients in {@code libtdc_keys}, in a program of its own. */
@Timeout(120)
class KeyClientsTest {
  private static final List<Payload> VALUES = List.of(Configs.json("Testing"));

  private static String wrappedKey(PayloadCodec codec) {
    return codec.encode(VALUES).get(0).getMetadataOrThrow("encryption-dek").toStringUtf8();
  }

  private static void ask(String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(System.getenv("VAULT_ADDR") + path)).build();
    int status = HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode();
    assertEquals(200, status, path);
  }

  @Test
  void aRefusalHasTheServicesReasonAndNoSecret() throws Exception {
    try (FakeVault vault = new FakeVault()) {
      vault.refuses = 403;
      String said = OtherJvm.run(KeyLibraryTest.Main.class, vault.environment(), OtherJvm.jar());
      assertTrue(said.startsWith("TDC_ERR_KEY_REFUSED true\n"), said);
      assertTrue(said.contains("permission denied"), said);
      assertFalse(said.contains(vault.environment().get("VAULT_TOKEN")), said);
    }
  }

  @Test
  void aServiceThatIsAwayIsTransient() throws Exception {
    Map<String, String> environment;
    try (FakeVault vault = new FakeVault()) {
      environment = vault.environment();
    }
    // A port that is taken but has no listener.
    try (Socket taken = new Socket()) {
      taken.bind(FarServer.anywhere());
      environment.put("VAULT_ADDR", "http://127.0.0.1:" + taken.getLocalPort());
      String said = OtherJvm.run(KeyLibraryTest.Main.class, environment, OtherJvm.jar());
      assertTrue(said.startsWith("TDC_ERR_KEY_SERVICE true\n"), said);
      assertTrue(said.contains("no data key could be wrapped"), said);
    }
  }

  /** Seals while a renewal is kept back. */
  public static final class Renewing {
    private Renewing() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) throws Exception {
      String config = FakeVault.config("data_key: { messages: 8 }", "timeout: 15 s");
      try (Tdc tdc = Tdc.parse(config, Configs.HERE)) {
        PayloadCodec codec = tdc.payloadCodec();
        HashSet<String> wrapped = new HashSet<>();
        for (int i = 0; i < 8; i++) {
          wrapped.add(wrappedKey(codec));
        }
        System.out.println(wrapped.size());
        ask("/kept");
        ask("/go");
        // The old one is used up: this has the renewal's, or the same wrapped itself.
        wrapped.add(wrappedKey(codec));
        System.out.println(wrapped.size());
      }
    }
  }

  @Test
  void aRenewalKeepsNoCallWaiting() throws Exception {
    try (FakeVault vault = new FakeVault()) {
      vault.keptBack = 2;
      assertEquals("1\n2", OtherJvm.run(Renewing.class, vault.environment(), OtherJvm.jar()));
    }
  }

  /** Seals and opens, and writes its heap to a file. */
  public static final class HeapDump {
    /** That the dump has what is in the heap. */
    private static final byte[] WITNESS = new byte[32];

    private HeapDump() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) throws Exception {
      new SecureRandom().nextBytes(WITNESS);
      try (Tdc writer = Tdc.parse(FakeVault.config(), Configs.HERE);
          Tdc reader = Tdc.parse(FakeVault.config(), Configs.HERE)) {
        List<Payload> sealed = writer.payloadCodec().encode(VALUES);
        assertEquals(VALUES, reader.payloadCodec().decode(sealed));
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpHeap(System.getProperty("dump"), false);
      }
      System.out.println(HexFormat.of().formatHex(WITNESS));
    }
  }

  @Test
  void noDataKeyBecomesAJavaObject(@TempDir Path directory) throws Exception {
    Path dump = directory.resolve("heap.hprof");
    try (FakeVault vault = new FakeVault()) {
      String said =
          OtherJvm.run(
              HeapDump.class,
              vault.environment(),
              OtherJvm.jar(),
              "-Ddump=" + dump,
              "-Xmx64m",
              "-XX:+UseSerialGC");
      String heap = Files.readString(dump, StandardCharsets.ISO_8859_1);
      assertTrue(
          heap.contains(latin(HexFormat.of().parseHex(said))), "the heap is not in the dump");
      assertEquals(1, vault.dataKeys.size());
      assertFalse(heap.contains(latin(vault.dataKeys.get(0))), "a data key is in the heap");
    }
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Seals on a virtual thread, while another one runs on the only carrier. */
  public static final class Virtual {
    private Virtual() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) throws Exception {
      AtomicReference<String> wrapped = new AtomicReference<>("nothing");
      CountDownLatch isFree = new CountDownLatch(1);
      try (Tdc tdc = Tdc.parse(FakeVault.config("timeout: 15 s"), Configs.HERE)) {
        Thread waiting =
            start(
                () -> {
                  String key = wrappedKey(tdc.payloadCodec());
                  wrapped.set(!key.isEmpty() + " " + Thread.interrupted());
                });
        ask("/kept");
        start(isFree::countDown);
        System.out.println(isFree.await(10, TimeUnit.SECONDS));
        waiting.interrupt();
        ask("/go");
        waiting.join();
      }
      System.out.println(wrapped);
    }

    /** {@code Thread.startVirtualThread}, which Java 17 does not have. */
    private static Thread start(Runnable work) throws ReflectiveOperationException {
      return (Thread)
          Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, work);
    }
  }

  /** An interrupt waits too: the library is using the memory of the call. */
  @Test
  void aVirtualThreadThatWaitsLeavesItsCarrierToOthers() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "there are no virtual threads");
    try (FakeVault vault = new FakeVault()) {
      vault.keptBack = 1;
      String said =
          OtherJvm.run(
              Virtual.class,
              vault.environment(),
              OtherJvm.jar(),
              "-Djdk.virtualThreadScheduler.parallelism=1",
              "-Djdk.virtualThreadScheduler.maxPoolSize=1");
      assertEquals("true\ntrue true", said);
    }
  }

  /** A workflow whose input and result are sealed. */
  public static final class SlowWorkflow {
    private SlowWorkflow() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) {
      List<String> said = new ArrayList<>();
      WorkflowTest test = new WorkflowTest();
      test.expectSlowness();
      test.run(
          Tdc.parse(FakeVault.config(), Configs.HERE),
          Tdc.parse(FakeVault.config(), Configs.HERE),
          (client, stub) -> {
            said.add(stub.getResult(String.class));
            said.add(WorkflowTest.failedTasks(client, stub) + " failed tasks");
          });
      System.out.println(String.join(", ", said));
    }
  }

  @Test
  void aSlowServiceIsNoDeadlock() throws Exception {
    try (FakeVault vault = new FakeVault()) {
      vault.takes = Duration.ofSeconds(3);
      String said = OtherJvm.run(SlowWorkflow.class, vault.environment(), OtherJvm.jar());
      assertEquals("Hello, Ada, 0 failed tasks", said);
      assertEquals(2, vault.unwraps.get());
    }
  }
}
