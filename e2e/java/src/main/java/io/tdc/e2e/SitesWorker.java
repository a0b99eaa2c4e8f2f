package io.tdc.e2e;

import io.tdc.Tdc;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * The worker of the workflow {@link Sites}, and of the activities that others call. It keeps no
 * workflow between two tasks, so that each task decodes the whole history again. With
 * E2E_OWN_KEY_SERVICE in its environment it is its own client of the key service.
 */
public final class SitesWorker {
  private SitesWorker() {}

  /** Arguments: address, tdc.yaml and the task queue. */
  public static void main(String[] arguments) throws IOException {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(arguments[0]).build());
    try (Tdc tdc = open(Path.of(arguments[1]))) {
      WorkflowClient client =
          WorkflowClient.newInstance(
              service,
              WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build());
      WorkerFactory factory = WorkerFactory.newInstance(client);
      // The SDK takes a cache of size 0 for its default; without a sticky queue the server sends
      // the whole history with each task. And a busy machine is no deadlock.
      WorkerOptions options =
          WorkerOptions.newBuilder()
              .setStickyQueueScheduleToStartTimeout(Duration.ZERO)
              .setDefaultDeadlockDetectionTimeout(60_000)
              .build();
      Worker worker = factory.newWorker(arguments[2], options);
      worker.registerWorkflowImplementationTypes(Sites.Implementation.class);
      worker.registerActivitiesImplementations(
          new Sites.LocalImplementation(),
          new Activities.Implementation(arguments[2], new CountDownLatch(1)));
      factory.start();
      System.out.println("e2e: ready");
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String command = commands.readLine(); command != null; command = commands.readLine()) {
        if (!command.equals("reload")) {
          throw new IllegalArgumentException("unknown command " + command);
        }
        tdc.reload();
        System.out.println("e2e: reloaded");
      }
    }
    // Pollers that wait for work keep the process alive for a minute.
    Runtime.getRuntime().halt(0);
  }

  private static Tdc open(Path config) {
    return System.getenv("E2E_OWN_KEY_SERVICE") == null
        ? Tdc.open(config)
        : Tdc.builder(config).keyService(new Transit()).open();
  }
}
