package io.tdc.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tdc.Tdc;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.workflowservice.v1.ListClosedWorkflowExecutionsRequest;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The example runs, and the server sees nothing of the order. */
class OrderTest {
  private static final String CONFIG =
      String.join(
          "\n",
          "version: 1",
          "keys:",
          "  primary: example",
          "  ring: { example: { insecure_inline:"
              + " dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE= } }",
          "codecs: [encrypt]");

  @Test
  void theServerSeesNothingOfTheOrder() {
    try (Tdc tdc = Tdc.parse(CONFIG, Path.of("."))) {
      WorkflowClientOptions client =
          WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build();
      TestEnvironmentOptions options =
          TestEnvironmentOptions.newBuilder().setWorkflowClientOptions(client).build();
      try (TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance(options)) {
        Worker worker = environment.newWorker(OrderWorkflow.TASK_QUEUE);
        worker.registerWorkflowImplementationTypes(OrderWorkflow.Definition.class);
        worker.registerActivitiesImplementations(new OrderWorkflow.Cashier());
        environment.start();
        assertEquals(
            "done: Ada paid 4200 cents",
            OrderClient.process(environment.getWorkflowClient(), "Ada", 4200));

        WorkflowExecution execution =
            environment
                .getWorkflowServiceStubs()
                .blockingStub()
                .listClosedWorkflowExecutions(closed(environment.getNamespace()))
                .getExecutions(0)
                .getExecution();
        WorkflowExecutionHistory history =
            environment.getWorkflowClient().fetchHistory(execution.getWorkflowId());
        String stored = history.toJson(false);
        for (String secret : new String[] {"Ada", "4200", "QWRh"}) {
          assertFalse(stored.contains(secret), secret);
        }
      }
    }
  }

  private static ListClosedWorkflowExecutionsRequest closed(String namespace) {
    return ListClosedWorkflowExecutionsRequest.newBuilder().setNamespace(namespace).build();
  }
}
