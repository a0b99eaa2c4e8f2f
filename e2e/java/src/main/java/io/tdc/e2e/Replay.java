package io.tdc.e2e;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import io.tdc.Tdc;
import io.temporal.api.export.v1.WorkflowExecution;
import io.temporal.api.export.v1.WorkflowExecutions;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Hands histories to the SDK's own replayer, with its default data converter or, where a
 * configuration is given, with tdc's.
 */
public final class Replay {
  private Replay() {}

  /**
   * Arguments: the configuration, or - for none, and files. Prints for each what went wrong, or
   * nothing, as JSON.
   */
  public static void main(String[] arguments) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      files.add(Path.of(arguments[i]));
    }
    if (arguments[0].equals("-")) {
      replay(files, DefaultDataConverter.STANDARD_INSTANCE);
    } else {
      try (Tdc tdc = Tdc.open(Path.of(arguments[0]))) {
        replay(files, tdc.dataConverter());
      }
    }
    // The replayer's threads wait for more work.
    Runtime.getRuntime().halt(0);
  }

  private static void replay(List<Path> files, DataConverter converter) throws IOException {
    WorkflowClientOptions client =
        WorkflowClientOptions.newBuilder().setDataConverter(converter).build();
    TestEnvironmentOptions options =
        TestEnvironmentOptions.newBuilder().setWorkflowClientOptions(client).build();
    Map<String, String> answers = new LinkedHashMap<>();
    for (Path file : files) {
      try (TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance(options)) {
        for (WorkflowExecutionHistory history : histories(file)) {
          WorkflowReplayer.replayWorkflowExecution(history, environment, Echo.Implementation.class);
        }
        answers.put(file.getFileName().toString(), "");
      } catch (Exception e) {
        answers.put(file.getFileName().toString(), e.toString());
      }
    }
    System.out.println(new ObjectMapper().writeValueAsString(answers));
  }

  private static List<WorkflowExecutionHistory> histories(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (!name.contains(".export.")) {
      return List.of(WorkflowExecutionHistory.fromJson(Files.readString(file), "replayed"));
    }
    WorkflowExecutions.Builder export = WorkflowExecutions.newBuilder();
    if (name.endsWith(".json")) {
      JsonFormat.parser().merge(Files.readString(file), export);
    } else {
      export.mergeFrom(Files.readAllBytes(file));
    }
    List<WorkflowExecutionHistory> histories = new ArrayList<>();
    for (WorkflowExecution item : export.getItemsList()) {
      histories.add(new WorkflowExecutionHistory(item.getHistory(), "replayed"));
    }
    if (histories.isEmpty()) {
      throw new IOException(file + " is empty");
    }
    return histories;
  }
}
