package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.converter.DataConverter;
import io.temporal.payload.context.WorkflowSerializationContext;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Where the SDK answers in the clear, or gives no context: what the README says of it. */
class PlainAnswersTest {
  /** Sleeps. */
  @WorkflowInterface
  public interface Sleeper {
    /** Sleeps. */
    @WorkflowMethod
    void sleep();
  }

  /** The workflow. */
  public static final class SleeperDefinition implements Sleeper {
    @Override
    public void sleep() {
      Workflow.sleep(Duration.ofDays(1));
    }
  }

  @Test
  void theStackTraceIsPlainAndAClientThatRequiresEncryptionRefusesIt() {
    String required = "[encrypt: { required: true }]";
    try (Tdc strict = Tdc.parse(Configs.withKey(required), Configs.HERE);
        Tdc lenient = Configs.encrypting();
        TestWorkflowEnvironment environment =
            TestWorkflowEnvironment.newInstance(
                TestEnvironmentOptions.newBuilder()
                    .setWorkflowClientOptions(options(strict).build())
                    .build())) {
      environment.newWorker("q").registerWorkflowImplementationTypes(SleeperDefinition.class);
      environment.start();
      environment
          .getWorkflowClient()
          .newUntypedWorkflowStub(
              "Sleeper",
              WorkflowOptions.newBuilder().setWorkflowId("sleeper").setTaskQueue("q").build())
          .start();
      WorkflowStub stub = environment.getWorkflowClient().newUntypedWorkflowStub("sleeper");
      WorkflowException error =
          assertThrows(WorkflowException.class, () -> stub.query("__stack_trace", String.class));
      TdcException cause = assertInstanceOf(TdcException.class, error.getCause());
      assertEquals("TDC_ERR_NOT_ENCRYPTED", cause.codeName());
      WorkflowClient client =
          WorkflowClient.newInstance(
              environment.getWorkflowServiceStubs(),
              options(lenient).setNamespace(environment.getNamespace()).build());
      String trace = client.newUntypedWorkflowStub("sleeper").query("__stack_trace", String.class);
      assertTrue(trace.contains("sleep"), trace);
    }
  }

  /** Calls without a context, as for Nexus operations and heartbeats by task token. */
  @Test
  void withoutAContextTheNamespaceIsTheBuilders() {
    String document =
        Configs.withKey("[encrypt]") + "namespaces:\n  - { match: orders, codecs: [encrypt] }\n";
    try (Tdc nowhere = Tdc.parse(document, Configs.HERE);
        Tdc orders = Tdc.builder(document, Configs.HERE).namespace("orders").open()) {
      DataConverter lost = nowhere.dataConverter();
      TdcException error = assertThrows(TdcException.class, () -> lost.toPayload("x"));
      assertEquals("TDC_ERR_NAMESPACE", error.codeName());
      assertEquals(
          "x",
          orders
              .dataConverter()
              .fromPayload(
                  orders.dataConverter().toPayload("x").orElseThrow(), String.class, String.class));
      // getStaticSummary() of a child names the id of its parent's namespace, of others nothing.
      DataConverter empty =
          orders.dataConverter().withContext(new WorkflowSerializationContext("", "w"));
      assertTrue(empty.toPayload("x").isPresent());
      DataConverter child =
          orders
              .dataConverter()
              .withContext(
                  new WorkflowSerializationContext("0e6e3b1e-2f5c-4c39-9d4c-1f3f5d0f9f0a", "w"));
      error = assertThrows(TdcException.class, () -> child.toPayload("x"));
      assertEquals("TDC_ERR_NAMESPACE", error.codeName());
    }
  }

  private static WorkflowClientOptions.Builder options(Tdc tdc) {
    return WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter());
  }
}
