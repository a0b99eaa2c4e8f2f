package io.tdc.e2e;

import io.tdc.KeyProvider;
import io.tdc.Tdc;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.WorkerFactory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * The Java worker of the end-to-end test.
 *
 * <p>It serves three task queues in one process: "java17" with the shared tdc.yaml, and
 * "java17-slow" and "java17-flaky" with a configuration whose keys come from a key provider that is
 * slow or fails twice. It speaks a line protocol with the test: it says "e2e: ready" once it polls,
 * answers "reload" by "e2e: reloaded", lets the first attempt of Handle go on at "release", and
 * ends with standard input.
 */
public final class Worker {
  private final String name;
  private final WorkflowServiceStubs service;
  private final CountDownLatch released = new CountDownLatch(1);

  private Worker(String name, String address) {
    this.name = name;
    service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
  }

  /**
   * Arguments: the name of the worker and its task queue, address, tdc.yaml, the configuration with
   * keys from the host, the folder of those keys.
   */
  public static void main(String[] arguments) throws IOException {
    Path hostConfig = Path.of(arguments[3]);
    Path vault = Path.of(arguments[4]);
    Worker worker = new Worker(arguments[0], arguments[1]);
    try (Tdc shared = Tdc.open(Path.of(arguments[2]));
        Tdc slow = withProvider(hostConfig, new SlowProvider(vault));
        Tdc flaky = withProvider(hostConfig, new FlakyProvider(vault))) {
      worker.serve("", shared);
      worker.serve("-slow", slow);
      worker.serve("-flaky", flaky);
      System.out.println("e2e: ready");
      worker.obey(shared);
    }
    // Pollers that wait for work keep the process alive for a minute; the test does not wait for
    // them.
    Runtime.getRuntime().halt(0);
  }

  private static Tdc withProvider(Path config, KeyProvider provider) {
    return Tdc.builder(config).keyProvider(provider).open();
  }

  private void serve(String suffix, Tdc tdc) {
    WorkflowClient client =
        WorkflowClient.newInstance(
            service,
            WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build());
    WorkerFactory factory = WorkerFactory.newInstance(client);
    io.temporal.worker.Worker worker = factory.newWorker(name + suffix);
    worker.registerWorkflowImplementationTypes(Echo.Implementation.class);
    worker.registerActivitiesImplementations(new Activities.Implementation(name, released));
    factory.start();
  }

  private void obey(Tdc shared) throws IOException {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String command = commands.readLine(); command != null; command = commands.readLine()) {
      switch (command) {
        case "reload" -> {
          shared.reload();
          System.out.println("e2e: reloaded");
        }
        case "release" -> {
          released.countDown();
          System.out.println("e2e: released");
        }
        default -> throw new IllegalArgumentException("unknown command " + command);
      }
    }
  }
}
