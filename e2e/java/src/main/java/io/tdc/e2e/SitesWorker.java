package io.tdc.e2e;

import io.tdc.Tdc;
import io.temporal.client.WorkflowClientOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * The worker of the workflow {@link Sites}, and of the activities that others call. With
 * E2E_OWN_KEY_SERVICE in its environment it is its own client of the key service.
 */
public final class SitesWorker {
  private SitesWorker() {}

  /** Arguments: address, tdc.yaml and the task queue. */
  public static void main(String[] arguments) throws IOException {
    String queue = arguments[2];
    Uncached.serve(
        open(Path.of(arguments[1])),
        arguments[0],
        WorkflowClientOptions.newBuilder(),
        queue,
        worker -> {
          worker.registerWorkflowImplementationTypes(Sites.Implementation.class);
          worker.registerActivitiesImplementations(
              new Sites.LocalImplementation(),
              new Activities.Implementation(queue, new CountDownLatch(1)));
        });
  }

  private static Tdc open(Path config) {
    return System.getenv("E2E_OWN_KEY_SERVICE") == null
        ? Tdc.open(config)
        : Tdc.builder(config).keyService(new Transit()).open();
  }
}
