package io.tdc.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tdc.Tdc;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowException;
import io.temporal.failure.ApplicationFailure;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a client in Java reads of a workflow that failed. */
public final class ReadFailure {
  private ReadFailure() {}

  /**
   * Arguments: address, tdc.yaml and the id of the workflow. Prints messages, details and the
   * classes of the stack traces of the chain, as JSON.
   */
  public static void main(String[] arguments) throws JsonProcessingException {
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(arguments[0]).build());
    // Details are decoded on access, so the failure is read while the converter is open.
    try (Tdc tdc = Tdc.open(Path.of(arguments[1]))) {
      WorkflowClient client =
          WorkflowClient.newInstance(
              service,
              WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build());
      System.out.println(new ObjectMapper().writeValueAsString(read(failure(client, arguments[2]))));
    }
    Runtime.getRuntime().halt(0);
  }

  private static WorkflowException failure(WorkflowClient client, String workflow) {
    try {
      client.newUntypedWorkflowStub(workflow).getResult(Void.class);
    } catch (WorkflowException failed) {
      return failed;
    }
    throw new IllegalStateException(workflow + " did not fail");
  }

  private static List<String> read(Throwable failed) {
    List<String> read = new ArrayList<>();
    for (Throwable link = failed; link != null; link = link.getCause()) {
      if (!(link instanceof ApplicationFailure)) {
        continue;
      }
      ApplicationFailure failure = (ApplicationFailure) link;
      read.add(failure.getOriginalMessage());
      if (failure.getDetails().getSize() > 0) {
        read.add(failure.getDetails().get(String.class));
      }
      for (StackTraceElement frame : failure.getStackTrace()) {
        read.add(frame.getClassName());
      }
    }
    return read;
  }
}
