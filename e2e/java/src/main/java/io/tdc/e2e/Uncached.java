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
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A worker that keeps no workflow between two tasks, so that each task decodes, and retrieves, the
 * whole history again.
 */
final class Uncached {
  private Uncached() {}

  /**
   * Serves until standard input ends, and ends the process.
   *
   * @param options of the client, beside the data converter
   * @param register gives the worker what it runs
   */
  static void serve(
      Tdc tdc,
      String address,
      WorkflowClientOptions.Builder options,
      String queue,
      Consumer<Worker> register)
      throws IOException {
    try (tdc) {
      WorkflowServiceStubs service =
          WorkflowServiceStubs.newServiceStubs(
              WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
      WorkflowClient client =
          WorkflowClient.newInstance(
              service, options.setDataConverter(tdc.dataConverter()).build());
      WorkerFactory factory = WorkerFactory.newInstance(client);
      // The SDK takes a cache of size 0 for its default; without a sticky queue the server sends
      // the whole history with each task. And a busy machine is no deadlock.
      WorkerOptions uncached =
          WorkerOptions.newBuilder()
              .setStickyQueueScheduleToStartTimeout(Duration.ZERO)
              .setDefaultDeadlockDetectionTimeout(60_000)
              .build();
      register.accept(factory.newWorker(queue, uncached));
      factory.start();
      System.out.println("e2e: ready");
      obey(tdc);
    }
    // Pollers that wait for work keep the process alive for a minute.
    Runtime.getRuntime().halt(0);
  }

  private static void obey(Tdc tdc) throws IOException {
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
}
