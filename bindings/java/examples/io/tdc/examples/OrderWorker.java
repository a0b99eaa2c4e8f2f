package io.tdc.examples;

import io.tdc.Tdc;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A worker whose payloads go through the codecs of {@code tdc.yaml}. */
public final class OrderWorker {
  private OrderWorker() {}

  /** Runs until the process ends; takes the path of the configuration. */
  public static void main(String[] arguments) {
    Tdc tdc = Tdc.open(Path.of(arguments[0]));
    WorkflowClient client =
        WorkflowClient.newInstance(
            WorkflowServiceStubs.newLocalServiceStubs(),
            WorkflowClientOptions.newBuilder()
                .setDataConverter(tdc.dataConverter()) // the one changed line
                .build());
    WorkerFactory factory = WorkerFactory.newInstance(client);
    Worker worker = factory.newWorker(OrderWorkflow.TASK_QUEUE);
    worker.registerWorkflowImplementationTypes(OrderWorkflow.Definition.class);
    worker.registerActivitiesImplementations(new OrderWorkflow.Cashier());
    factory.start();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  factory.shutdown();
                  factory.awaitTermination(10, TimeUnit.SECONDS);
                }));
  }
}
