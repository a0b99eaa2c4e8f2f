package io.tdc;

import io.temporal.common.converter.DataConverterException;
import io.temporal.workflow.unsafe.WorkflowUnsafe;

/**
 * How an error is thrown, in workflow code and elsewhere.
 *
 * <p>In a workflow task, an error that an operator can fix is a {@link TdcTaskFailure}. An error
 * that only other bytes could fix is left to the SDK, as a {@link DataConverterException}: the SDK
 * drops and counts a signal that it cannot convert, while any other exception blocks the workflow
 * until the signal is removed from its history.
 */
final class Workflow {
  private final boolean sdkErrors;

  /** With {@code sdkErrors}, every error is left to the SDK. */
  Workflow(boolean sdkErrors) {
    this.sdkErrors = sdkErrors;
  }

  /** What to throw for an error of a call. */
  TdcException error(Context context, TdcException error) {
    throwIfCurable(context, error);
    return error;
  }

  /** What to throw for an error of a call that decodes for the SDK. */
  RuntimeException decodeError(Context context, TdcException error) {
    throwIfCurable(context, error);
    return WorkflowUnsafe.isWorkflowThread() ? converterError(error) : error;
  }

  /** What to throw for an error of the converters, which is the SDK's type everywhere. */
  DataConverterException valueError(Context context, TdcException error) {
    throwIfCurable(context, error);
    return converterError(error);
  }

  private void throwIfCurable(Context context, TdcException error) {
    if (error.isTransient()
        && !sdkErrors
        && (context.isLocalActivity || WorkflowUnsafe.isWorkflowThread())) {
      throw new TdcTaskFailure(error);
    }
  }

  private static DataConverterException converterError(TdcException error) {
    return new DataConverterException(error.getMessage(), error);
  }
}
