package io.tdc.e2e;

import io.tdc.StorageDrivers;
import io.tdc.Tdc;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.activity.ActivityOptions;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.payload.storage.ExternalStorage;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The worker of the workflow Relay, which stores what is large by {@link GcsDriver}. */
public final class RelayWorker {
  private RelayWorker() {}

  /** Go, TypeScript and Python have the same one. */
  @WorkflowInterface
  public interface Relay {
    /** Hands a large letter to an activity on each queue, one after the other. */
    @WorkflowMethod(name = "Relay")
    String run(String letter, List<String> queues);
  }

  /** The activity on each queue. */
  @ActivityInterface
  public interface Helper {
    /** Adds the name of its queue. */
    @ActivityMethod(name = "Forward")
    String forward(String letter);
  }

  /** The workflow. */
  public static final class Implementation implements Relay {
    @Override
    public String run(String letter, List<String> queues) {
      String forwarded = letter;
      for (String queue : queues) {
        ActivityOptions options =
            ActivityOptions.newBuilder()
                .setTaskQueue(queue)
                .setStartToCloseTimeout(Duration.ofMinutes(1))
                .build();
        forwarded = Workflow.newActivityStub(Helper.class, options).forward(forwarded);
      }
      return forwarded;
    }
  }

  private record Forwarder(String queue) implements Helper {
    @Override
    public String forward(String letter) {
      return letter + " " + queue;
    }
  }

  /** Arguments: address, tdc.yaml, gcs, endpoint, bucket, bare or wrapped, and the task queue. */
  public static void main(String[] arguments) throws IOException {
    if (!arguments[2].equals("gcs")) {
      throw new IllegalArgumentException("there is no driver for " + arguments[2]);
    }
    StorageDriver bare = new GcsDriver(arguments[3], arguments[4]);
    StorageDriver driver = arguments[5].equals("wrapped") ? StorageDrivers.wrap(bare) : bare;
    ExternalStorage storage = ExternalStorage.newBuilder().setDriver(driver).build();
    String queue = arguments[6];
    Uncached.serve(
        Tdc.open(Path.of(arguments[1])),
        arguments[0],
        WorkflowClientOptions.newBuilder().setExternalStorage(storage),
        queue,
        worker -> {
          worker.registerWorkflowImplementationTypes(Implementation.class);
          worker.registerActivitiesImplementations(new Forwarder(queue));
        });
  }
}
