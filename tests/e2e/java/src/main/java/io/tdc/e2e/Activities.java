package io.tdc.e2e;

import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.failure.ApplicationFailure;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The activities that the Go workflows call; Python has the same three. */
@ActivityInterface
public interface Activities {
  /** Heartbeats and fails at the first attempt, then answers with what the heartbeat kept. */
  @ActivityMethod(name = "Handle")
  String handle(String customer) throws InterruptedException;

  /** Fails for good, with a message and details that are secret. */
  @ActivityMethod(name = "Refuse")
  void refuse(String customer);

  /** Decodes its input and encodes its answer: all that a rotation of keys can break. */
  @ActivityMethod(name = "Stamp")
  String stamp(String entry);

  /** The implementation that the worker registers. */
  final class Implementation implements Activities {
    private final CountDownLatch released;

    /** The first attempt of {@code handle} waits for the latch, so that the test can look at its heartbeat. */
    Implementation(CountDownLatch released) {
      this.released = released;
    }

    @Override
    public String handle(String customer) throws InterruptedException {
      ActivityExecutionContext context = Activity.getExecutionContext();
      Optional<String> kept = context.getHeartbeatDetails(String.class);
      if (kept.isPresent()) {
        return "java handled " + kept.get();
      }
      context.heartbeat("java heartbeat of " + customer);
      released.await();
      throw ApplicationFailure.newFailure(
          "java stumbled over " + customer, "Stumbled", "java details of " + customer);
    }

    @Override
    public void refuse(String customer) {
      throw ApplicationFailure.newNonRetryableFailureWithCause(
          "java refuses " + customer,
          "Refused",
          new IllegalStateException("java reason for " + customer),
          "java record of " + customer);
    }

    @Override
    public String stamp(String entry) {
      return entry + " java";
    }
  }
}
