package io.tdc;

import io.temporal.api.failure.v1.ApplicationFailureInfo;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import java.util.Optional;

/** Exceptions as failures and back: by the SDK in the clear, then by the library, whole. */
final class Failures {
  /** Far more than the SDK wraps; an exception can be its own cause by detours. */
  private static final int MAX_CAUSES = 32;

  private final Messages messages;
  private final Workflow workflow;

  Failures(Messages messages, Workflow workflow) {
    this.messages = messages;
    this.workflow = workflow;
  }

  /** {@code DataConverter.exceptionToFailure}; {@code sdks} knows exceptions. */
  Failure of(Context context, DataConverter sdks, Throwable thrown) {
    Failure failure = withCode(thrown, sdks.exceptionToFailure(thrown));
    try {
      return messages.failure(true, context, failure);
    } catch (TdcException e) {
      TdcException error = workflow.error(context, e);
      return bare(thrown).orElseThrow(() -> error);
    }
  }

  /** {@code DataConverter.failureToException}; {@code sdks} knows exceptions. */
  RuntimeException exception(Context context, DataConverter sdks, Failure failure) {
    Failure decoded;
    try {
      decoded = messages.failure(false, context, failure);
    } catch (TdcException e) {
      throw workflow.decodeError(context, e);
    }
    return sdks.failureToException(decoded);
  }

  /**
   * Puts the code first, because the SDK wraps our exceptions in its own, which name the event at
   * which the task failed and would hide it.
   */
  private static Failure withCode(Throwable thrown, Failure failure) {
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
   * Reports only the error if the failure cannot be encoded, for example because the key is
   * missing: the error contains no user data. Otherwise nothing would be reported, and the task
   * would time out without a reason.
   */
  private static Optional<Failure> bare(Throwable thrown) {
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
