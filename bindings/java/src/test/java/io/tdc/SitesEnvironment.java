package io.tdc;

import io.temporal.api.enums.v1.EventType;
import io.temporal.api.failure.v1.Failure;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.converter.RawValue;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import io.temporal.worker.WorkflowImplementationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Workers for {@link Sites}, each with a configuration of its own.
 *
 * <p>There are two keys. {@code own} is right everywhere. {@code site} encrypts what a test is
 * about: everything that the others write, and what the worker of the queue {@code writers} writes.
 */
final class SitesEnvironment implements AutoCloseable {
  /** What a worker does not report costs this time. */
  static final Duration TASK_TIMEOUT = Duration.ofSeconds(4);

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String RIGHT = "site-key-site-key-site-key-site!";

  /** What is wrong about the key {@code site}. */
  enum Fault {
    /** Other bytes. */
    WRONG_KEY("wrong-key-wrong-key-wrong-key-ab", "TDC_ERR_AUTHENTICATION"),
    /** It is not in the ring. */
    NO_KEY(null, "TDC_ERR_KEY_UNKNOWN");

    final String key;
    final String code;

    Fault(String key, String code) {
      this.key = key;
      this.code = code;
    }
  }

  /** Encodes by {@code own}. */
  final WorkflowClient own;

  /** Encodes by {@code site}. */
  final WorkflowClient foreign;

  /** Encodes nothing. */
  final WorkflowClient unencoded;

  private final Fault fault;
  private final Path directory = Files.createTempDirectory("tdc-sites-");
  private final List<Tdc> open = new ArrayList<>();
  private final Tdc readers;
  private final Tdc writers;
  private final Tdc others;
  private final TestWorkflowEnvironment environment;
  private final List<WorkerFactory> factories = new ArrayList<>();

  /**
   * Starts everything.
   *
   * @param failing what fails a workflow, as its worker's options say
   * @param sdkErrors whether its workers leave errors to the SDK
   */
  SitesEnvironment(Fault fault, boolean sdkErrors, Class<? extends Throwable> failing)
      throws IOException {
    this.fault = fault;
    readers = open("readers", "own", fault.key, sdkErrors);
    writers = open("writers", "site", RIGHT, sdkErrors);
    others = open("others", "site", RIGHT, false);
    environment =
        TestWorkflowEnvironment.newInstance(
            TestEnvironmentOptions.newBuilder()
                .setWorkflowClientOptions(options(readers).build())
                .setUseTimeskipping(false)
                .build());
    own = client(open("starter", "own", RIGHT, false));
    foreign = client(others);
    unencoded =
        WorkflowClient.newInstance(
            environment.getWorkflowServiceStubs(),
            WorkflowClientOptions.newBuilder().setNamespace(environment.getNamespace()).build());
    WorkflowImplementationOptions policy =
        WorkflowImplementationOptions.newBuilder().setFailWorkflowExceptionTypes(failing).build();
    register(environment.newWorker("readers", worker()), policy);
    register(environment.newWorker(Sites.NEXT, worker()), policy);
    register(factory(client(writers)).newWorker("writers", worker()), policy);
    Worker rest = factory(foreign).newWorker(Sites.OTHERS, worker());
    rest.registerActivitiesImplementations(new Sites.OthersActivities());
    rest.registerWorkflowImplementationTypes(Sites.ChildDefinition.class);
    rest.registerNexusServiceImplementation(new Sites.EchoServiceHandler());
    environment.createNexusEndpoint(Sites.OTHERS, Sites.OTHERS);
    Sites.foreign = encoded("local activity arguments");
    environment.start();
    factories.forEach(WorkerFactory::start);
  }

  private static void register(Worker worker, WorkflowImplementationOptions policy) {
    worker.registerWorkflowImplementationTypes(policy, Sites.VisitDefinition.class);
    worker.registerActivitiesImplementations(new Sites.OthersActivities());
  }

  /** Every task brings the whole history, so that its values are decoded again. */
  private static WorkerOptions worker() {
    return WorkerOptions.newBuilder()
        .setStickyQueueScheduleToStartTimeout(Duration.ZERO)
        .setDefaultDeadlockDetectionTimeout(PATIENCE.toMillis())
        .build();
  }

  private WorkerFactory factory(WorkflowClient client) {
    WorkerFactory factory = WorkerFactory.newInstance(client);
    factories.add(factory);
    return factory;
  }

  private Tdc open(String name, String primary, String siteKey, boolean sdkErrors)
      throws IOException {
    write(name, primary, siteKey);
    TdcBuilder builder = Tdc.builder(directory.resolve(name + ".yaml"));
    Tdc tdc = (sdkErrors ? builder.sdkErrors() : builder).open();
    open.add(tdc);
    return tdc;
  }

  private void write(String name, String primary, String siteKey) throws IOException {
    List<String> lines =
        new ArrayList<>(List.of("version: 1", "keys:", "  primary: " + primary, "  ring:"));
    lines.add("    own: { insecure_inline: " + base64("own!-key-own!-key-own!-key-own!-") + " }");
    if (siteKey != null) {
      lines.add("    site: { insecure_inline: " + base64(siteKey) + " }");
    }
    lines.add("codecs: [encrypt]");
    lines.add("failures: { encode_common_attributes: true }");
    Files.write(directory.resolve(name + ".yaml"), lines);
  }

  private static String base64(String key) {
    return Base64.getEncoder()
        .encodeToString(key.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static WorkflowClientOptions.Builder options(Tdc tdc) {
    return WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter());
  }

  private WorkflowClient client(Tdc tdc) {
    return WorkflowClient.newInstance(
        environment.getWorkflowServiceStubs(),
        options(tdc).setNamespace(environment.getNamespace()).build());
  }

  /** A payload that the others encoded. */
  io.temporal.api.common.v1.Payload encoded(String value) {
    return others.dataConverter().toPayload(value).orElseThrow();
  }

  /** The worker that writes at the sites reads with the fault from now on. */
  void spoilWriters() throws IOException {
    write("writers", "own", fault.key);
    writers.reload();
  }

  /** Gives every worker the right key. */
  void mend() throws IOException {
    write("readers", "own", RIGHT);
    readers.reload();
    write("writers", "own", RIGHT);
    writers.reload();
  }

  /** Starts the workflow of a site, by a client whose input its worker can read in any case. */
  WorkflowStub start(String site, String queue) {
    WorkflowOptions.Builder options =
        WorkflowOptions.newBuilder()
            .setWorkflowId(site)
            .setTaskQueue(queue)
            .setWorkflowTaskTimeout(TASK_TIMEOUT)
            .setWorkflowExecutionTimeout(PATIENCE);
    if (site.equals("memo")) {
      options.setMemo(Map.of("memo", new RawValue(encoded(site))));
    }
    WorkflowClient client = site.equals("input") ? foreign : own;
    client.newUntypedWorkflowStub("Visit", options.build()).start(site);
    return foreign.newUntypedWorkflowStub(site);
  }

  /** Waits until the history has an event of one of the types, and gives the first one. */
  HistoryEvent await(WorkflowStub stub, EventType... types) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      List<HistoryEvent> events = events(stub, types);
      if (!events.isEmpty()) {
        return events.get(0);
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(stub.getExecution() + " has no " + List.of(types));
      }
      Thread.sleep(20);
    }
  }

  /** The events of these types in the latest run. */
  List<HistoryEvent> events(WorkflowStub stub, EventType... types) {
    List<HistoryEvent> events = new ArrayList<>();
    for (HistoryEvent event : own.fetchHistory(stub.getExecution().getWorkflowId()).getEvents()) {
      if (List.of(types).contains(event.getEventType())) {
        events.add(event);
      }
    }
    return events;
  }

  /**
   * Waits until a task has failed, and gives what Temporal shows of it, decoded. The SDK reports
   * only the first attempt of a task: where that was late (on a busy machine), there is no message.
   */
  Optional<String> awaitTaskFailure(WorkflowStub stub) throws InterruptedException {
    HistoryEvent event =
        await(
            stub,
            EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
            EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT);
    if (!event.hasWorkflowTaskFailedEventAttributes()) {
      return Optional.empty();
    }
    Failure failure = event.getWorkflowTaskFailedEventAttributes().getFailure();
    return Optional.of(others.decodeMessage(failure).getMessage());
  }

  @Override
  public void close() throws IOException {
    factories.forEach(WorkerFactory::shutdownNow);
    environment.close();
    factories.forEach(factory -> factory.awaitTermination(10, TimeUnit.SECONDS));
    open.forEach(Tdc::close);
    try (var files = Files.list(directory)) {
      files.forEach(file -> file.toFile().delete());
    }
    Files.delete(directory);
  }
}
