package io.tdc;

import io.temporal.common.converter.DataConverterException;
import io.temporal.payload.context.ActivitySerializationContext;
import io.temporal.payload.context.SerializationContext;
import io.temporal.workflow.unsafe.WorkflowUnsafe;

/**
 * Where payloads are: what the library is told about it, and what becomes of an error there.
 *
 * <p>In a workflow task an error that an operator can cure is a {@link TdcTaskFailure}. One that
 * only other bytes cure stays the SDK's to judge, and the SDK knows it by the type {@link
 * DataConverterException}: it drops and counts a signal that it cannot convert, while any other
 * exception stops the workflow until somebody removes the signal from its history.
 */
final class Place {
  /** The serialization context as {@code tdc.h} wants it. */
  final byte[] context;

  private final boolean sdkErrors;

  /** Local activities run on other threads, but their errors fail the workflow task as well. */
  private final boolean isLocalActivity;

  private Place(byte[] context, boolean sdkErrors, boolean isLocalActivity) {
    this.context = context;
    this.sdkErrors = sdkErrors;
    this.isLocalActivity = isLocalActivity;
  }

  /** No place in particular. */
  static Place anywhere(boolean sdkErrors) {
    return new Place(ContextMessage.NONE, sdkErrors, false);
  }

  Place at(SerializationContext newContext) {
    boolean isLocal =
        newContext instanceof ActivitySerializationContext
            && ((ActivitySerializationContext) newContext).isLocal();
    return new Place(ContextMessage.of(newContext), sdkErrors, isLocal);
  }

  /** What to throw for an error of a call. */
  TdcException error(TdcException error) {
    throwIfCurable(error);
    return error;
  }

  /** What to throw for an error of a call that decodes for the SDK. */
  RuntimeException decodeError(TdcException error) {
    throwIfCurable(error);
    return WorkflowUnsafe.isWorkflowThread() ? converterError(error) : error;
  }

  /** What to throw for an error of the converters, which is the SDK's type everywhere. */
  DataConverterException valueError(TdcException error) {
    throwIfCurable(error);
    return converterError(error);
  }

  private void throwIfCurable(TdcException error) {
    if (error.isTransient()
        && !sdkErrors
        && (isLocalActivity || WorkflowUnsafe.isWorkflowThread())) {
      throw new TdcTaskFailure(error);
    }
  }

  private static DataConverterException converterError(TdcException error) {
    return new DataConverterException(error.getMessage(), error);
  }
}
