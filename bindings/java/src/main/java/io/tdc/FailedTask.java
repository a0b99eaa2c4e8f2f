package io.tdc;

import io.temporal.api.failure.v1.ApplicationFailureInfo;
import io.temporal.api.failure.v1.Failure;
import java.util.Optional;

/**
 * What Temporal shows of a task that failed because of the data conversion: the code and what to
 * do, in the first message.
 */
final class FailedTask {
  /** Far more than the SDK wraps; an exception can be its own cause by detours. */
  private static final int MAX_CAUSES = 32;

  private FailedTask() {}

  /**
   * Puts the code in front where the SDK's own exceptions around ours, which say during which event
   * the task failed, would hide it.
   */
  static Failure withCode(Throwable thrown, Failure failure) {
    if (!thrown.getClass().getName().startsWith("io.temporal.internal.")) {
      return failure;
    }
    return errorIn(thrown)
        .filter(error -> !failure.getMessage().contains(error.codeName()))
        .map(
            error ->
                failure.toBuilder()
                    .setMessage(error.getMessage() + " (" + failure.getMessage() + ")")
                    .build())
        .orElse(failure);
  }

  /**
   * What is left to say when the failure cannot be encoded, as with the key that is missing: the
   * error alone, which holds nothing of the user's. Otherwise nothing would be reported, and the
   * task would time out without a reason.
   */
  static Optional<Failure> bare(Throwable thrown) {
    return errorIn(thrown)
        .map(
            error ->
                Failure.newBuilder()
                    .setSource("JavaSDK")
                    .setMessage(error.getMessage())
                    .setApplicationFailureInfo(
                        ApplicationFailureInfo.newBuilder().setType(error.getClass().getName()))
                    .build());
  }

  private static Optional<TdcException> errorIn(Throwable thrown) {
    Throwable cause = thrown;
    for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
      if (cause instanceof TdcException) {
        return Optional.of((TdcException) cause);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
