package io.tdc;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tdc.examples.OrderWorkflow;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import io.temporal.worker.Worker;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A history that was decoded replays by the SDK's own replayer, which knows no keys. */
class HistoryTest {
  @Test
  void aDecodedHistoryReplays() throws Exception {
    String hidden = "failures: { encode_common_attributes: true }\n";
    try (Tdc tdc =
        Tdc.parse(Configs.withKey("[zstd: { min_size: 0 }, encrypt]") + hidden, Configs.HERE)) {
      String stored = run(tdc);
      assertFalse(stored.contains("done: Ada"), stored);
      assertThrows(
          Exception.class,
          () -> WorkflowReplayer.replayWorkflowExecution(stored, OrderWorkflow.Definition.class));

      byte[] bytes = tdc.decodeHistory(stored.getBytes(StandardCharsets.UTF_8));
      String decoded = new String(bytes, StandardCharsets.UTF_8);
      WorkflowReplayer.replayWorkflowExecution(decoded, OrderWorkflow.Definition.class);
      assertFalse(decoded.contains("YmluYXJ5L2VuY3J5cHRlZA"), "some payload is encrypted still");
      assertTrue(decoded.length() < stored.length());
    }
  }

  private static String run(Tdc tdc) {
    WorkflowClientOptions client =
        WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build();
    try (TestWorkflowEnvironment environment =
        TestWorkflowEnvironment.newInstance(
            TestEnvironmentOptions.newBuilder().setWorkflowClientOptions(client).build())) {
      Worker worker = environment.newWorker(OrderWorkflow.TASK_QUEUE);
      worker.registerWorkflowImplementationTypes(OrderWorkflow.Definition.class);
      worker.registerActivitiesImplementations(new OrderWorkflow.Cashier());
      environment.start();
      WorkflowClient starter = environment.getWorkflowClient();
      WorkflowStub stub =
          starter.newUntypedWorkflowStub(
              "OrderWorkflow",
              WorkflowOptions.newBuilder().setTaskQueue(OrderWorkflow.TASK_QUEUE).build());
      stub.start("Ada", 4200);
      stub.getResult(String.class);
      return starter.fetchHistory(stub.getExecution().getWorkflowId()).toJson(true);
    }
  }
}
