package io.tdc.examples;

import io.tdc.Tdc;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.nio.file.Path;

/** Starts a workflow whose input the server never sees in clear, and prints its result. */
public final class OrderClient {
  private OrderClient() {}

  /** Runs one order; takes the path of the configuration. */
  public static void main(String[] arguments) {
    try (Tdc tdc = Tdc.open(Path.of(arguments[0]))) {
      WorkflowServiceStubs service = WorkflowServiceStubs.newLocalServiceStubs();
      WorkflowClient client =
          WorkflowClient.newInstance(
              service,
              WorkflowClientOptions.newBuilder()
                  .setDataConverter(tdc.dataConverter()) // the one changed line
                  .build());
      System.out.println(process(client, "Ada", 4200));
      service.shutdown();
    }
  }

  /** Starts the workflow and waits for it. */
  static String process(WorkflowClient client, String customer, int cents) {
    OrderWorkflow order =
        client.newWorkflowStub(
            OrderWorkflow.class,
            WorkflowOptions.newBuilder().setTaskQueue(OrderWorkflow.TASK_QUEUE).build());
    return order.process(customer, cents);
  }
}
