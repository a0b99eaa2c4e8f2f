package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.api.enums.v1.EventType;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import io.temporal.worker.WorkflowImplementationOptions;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** An activity's failure, encrypted with a key that the workflow's worker has to ask for. */
class WorkflowFailureTest {
  private static final String HIDDEN = "failures: { encode_common_attributes: true }\n";
  private static final String ACTIVITIES_KEY = "activities";

  /** When the SDK calls slow workflow code a deadlock; it is the subject of one test only. */
  private Duration deadlock = Duration.ofMinutes(1);

  /** What the worker does not report costs this time. */
  private Duration taskTimeout = Duration.ofSeconds(5);

  /** Fails. */
  @ActivityInterface
  public interface Failing {
    /** Throws. */
    void fail();
  }

  /** The activity. */
  public static final class FailingActivity implements Failing {
    @Override
    public void fail() {
      throw ApplicationFailure.newFailure("a secret", "Type", "a detail");
    }
  }

  /** Passes on what its activity throws. */
  @WorkflowInterface
  public interface Relay {
    /** Runs the activity. */
    @WorkflowMethod
    void relay();
  }

  /** The workflow takes any exception for the activity's outcome, as workflows do. */
  public static final class RelayDefinition implements Relay {
    @Override
    public void relay() {
      try {
        Workflow.newActivityStub(
                Failing.class,
                ActivityOptions.newBuilder()
                    .setTaskQueue("activities")
                    .setStartToCloseTimeout(Duration.ofSeconds(10))
                    .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(1).build())
                    .build())
            .fail();
      } catch (Exception e) {
        assertInstanceOf(ActivityFailure.class, e);
        ApplicationFailure cause = assertInstanceOf(ApplicationFailure.class, e.getCause());
        throw ApplicationFailure.newFailureWithCause(
            "relayed: " + cause.getOriginalMessage(), "Relayed", e);
      }
    }
  }

  @Test
  void aMissingKeyFailsTheTaskAndThenTheFailureIsReadable() {
    AtomicInteger asked = new AtomicInteger();
    KeyProvider away =
        id -> {
          assertEquals(ACTIVITIES_KEY, id);
          if (asked.incrementAndGet() <= 2) {
            throw new IOException("connection refused");
          }
          return Configs.KEY;
        };
    assertTrue(failedTasks(away) >= 1);
    assertEquals(3, asked.get());
  }

  @Test
  void aSlowKeyProviderIsNoDeadlock() {
    deadlock = Duration.ofSeconds(2);
    taskTimeout = Duration.ofMinutes(1);
    KeyProvider slow =
        id -> {
          Thread.sleep(3000);
          return Configs.KEY;
        };
    assertEquals(0, failedTasks(slow));
  }

  /** Runs the workflow, whose worker asks the provider, and counts its tasks that failed. */
  private long failedTasks(KeyProvider provider) {
    String ownKey = Configs.withKey("[encrypt]") + HIDDEN;
    String asking = ownKey.replace("keys:\n", "keys:\n  host: true\n");
    String otherKey = ownKey.replace(Configs.KEY_ID, ACTIVITIES_KEY);
    try (Tdc workflows = Tdc.builder(asking, Configs.HERE).keyProvider(provider).open();
        Tdc activities = Tdc.parse(otherKey, Configs.HERE);
        TestWorkflowEnvironment environment =
            TestWorkflowEnvironment.newInstance(
                TestEnvironmentOptions.newBuilder()
                    .setWorkflowClientOptions(options(workflows).build())
                    .setUseTimeskipping(false)
                    .build())) {
      WorkerFactory factory =
          WorkerFactory.newInstance(
              WorkflowClient.newInstance(
                  environment.getWorkflowServiceStubs(),
                  options(activities).setNamespace(environment.getNamespace()).build()));
      factory.newWorker("activities").registerActivitiesImplementations(new FailingActivity());
      environment
          .newWorker(
              "workflows",
              WorkerOptions.newBuilder()
                  .setDefaultDeadlockDetectionTimeout(deadlock.toMillis())
                  .build())
          .registerWorkflowImplementationTypes(
              WorkflowImplementationOptions.newBuilder()
                  .setFailWorkflowExceptionTypes(Exception.class)
                  .build(),
              RelayDefinition.class);
      environment.start();
      factory.start();
      long failed = check(environment.getWorkflowClient());
      factory.shutdownNow();
      factory.awaitTermination(10, TimeUnit.SECONDS);
      return failed;
    }
  }

  private long check(WorkflowClient client) {
    WorkflowStub stub =
        client.newUntypedWorkflowStub(
            "Relay",
            WorkflowOptions.newBuilder()
                .setTaskQueue("workflows")
                .setWorkflowTaskTimeout(taskTimeout)
                .setWorkflowExecutionTimeout(Duration.ofSeconds(60))
                .build());
    stub.start();
    WorkflowFailedException failed =
        assertThrows(WorkflowFailedException.class, () -> stub.getResult(Void.class));
    ApplicationFailure outer = assertInstanceOf(ApplicationFailure.class, failed.getCause());
    assertEquals("relayed: a secret", outer.getOriginalMessage());
    ActivityFailure activity = assertInstanceOf(ActivityFailure.class, outer.getCause());
    ApplicationFailure inner = assertInstanceOf(ApplicationFailure.class, activity.getCause());
    assertEquals("a secret", inner.getOriginalMessage());
    assertEquals("a detail", inner.getDetails().get(0, String.class));

    var history = client.fetchHistory(stub.getExecution().getWorkflowId());
    assertFalse(history.toJson(false).contains("a secret"));
    return history.getEvents().stream()
        .filter(event -> event.getEventType() == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
        .count();
  }

  private static WorkflowClientOptions.Builder options(Tdc tdc) {
    return WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter());
  }
}
