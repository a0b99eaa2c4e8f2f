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
    private final String name;
    private final CountDownLatch released;

    /**
     * The first attempt of {@code handle} waits for the latch, so that the test can look at its
     * heartbeat.
     */
    Implementation(String name, CountDownLatch released) {
      this.name = name;
      this.released = released;
    }

    @Override
    public String handle(String customer) throws InterruptedException {
      ActivityExecutionContext context = Activity.getExecutionContext();
      Optional<String> kept = context.getHeartbeatDetails(String.class);
      if (kept.isPresent()) {
        return name + " handled " + kept.get();
      }
      context.heartbeat(name + " heartbeat of " + customer);
      released.await();
      throw ApplicationFailure.newFailure(
          name + " stumbled over " + customer, "Stumbled", name + " details of " + customer);
    }

    @Override
    public void refuse(String customer) {
      throw ApplicationFailure.newNonRetryableFailureWithCause(
          name + " refuses " + customer,
          "Refused",
          new IllegalStateException(name + " reason for " + customer),
          name + " record of " + customer);
    }

    @Override
    public String stamp(String entry) {
      return entry + " " + name;
    }
  }
}
