package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import io.temporal.api.history.v1.History;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The configuration's converters through the SDK's real worker. */
class WorkflowConverterTest {
  private static final String QUEUE = "carts";

  /** A line of a cart. */
  public record Line(String article, int count) {}

  /** Collects lines until it has as many as it was asked for. */
  @WorkflowInterface
  public interface Cart {
    /** Gives the lines by customer. */
    @WorkflowMethod
    Map<String, List<Line>> collect(String customer, List<Line> first, int count);

    /** Adds lines. */
    @SignalMethod
    void add(List<Line> lines);
  }

  /** The workflow. */
  public static final class CartDefinition implements Cart {
    private final List<Line> lines = new ArrayList<>();

    @Override
    public Map<String, List<Line>> collect(String customer, List<Line> first, int count) {
      lines.addAll(first);
      Workflow.await(() -> lines.size() >= count);
      return Map.of(customer, lines);
    }

    @Override
    public void add(List<Line> more) {
      lines.addAll(more);
    }
  }

  @Test
  void genericArgumentsSignalsAndResultsAreMessagePack() throws Exception {
    String document = "version: 1\nconverters: [null, bytes, json-protobuf, msgpack]\n";
    try (Tdc tdc = Tdc.parse(document, Configs.HERE);
        TestWorkflowEnvironment environment = environment(tdc)) {
      environment.newWorker(QUEUE).registerWorkflowImplementationTypes(CartDefinition.class);
      environment.start();
      Cart cart =
          environment
              .getWorkflowClient()
              .newWorkflowStub(
                  Cart.class, WorkflowOptions.newBuilder().setTaskQueue(QUEUE).build());
      WorkflowClient.start(cart::collect, "Ada", List.of(new Line("tea", 1)), 2);
      WorkflowStub stub = WorkflowStub.fromTyped(cart);
      // The SDK drops a signal that it cannot convert, and goes on.
      stub.signal("add", "this is no list of lines");
      cart.add(List.of(new Line("milk", 2)));
      assertEquals(
          Map.of("Ada", List.of(new Line("tea", 1), new Line("milk", 2))),
          cart.collect("Ada", List.of(), 2));

      History stored =
          environment
              .getWorkflowClient()
              .fetchHistory(stub.getExecution().getWorkflowId())
              .getHistory();
      HistoryEvent started = stored.getEvents(0);
      List<Payload> input =
          started.getWorkflowExecutionStartedEventAttributes().getInput().getPayloadsList();
      assertEquals(3, input.size());
      assertTrue(
          input.stream()
              .allMatch(
                  payload ->
                      payload
                          .getMetadataOrThrow("encoding")
                          .toStringUtf8()
                          .equals("binary/msgpack")));
    }
  }

  private static TestWorkflowEnvironment environment(Tdc tdc) {
    return TestWorkflowEnvironment.newInstance(
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build())
            .build());
  }
}
