package io.tdc;

/**
 * An error in workflow code that passes or that an operator can fix, such as a wrong or missing
 * key. It fails the workflow <em>task</em>, which the server retries until the error is fixed, and
 * never the workflow.
 *
 * <p>It is an {@link Error} because the SDK lets an {@code Error} through to the task whatever the
 * workflow does: a {@code catch (Exception e)} around an activity call would take an exception for
 * the activity's outcome, and {@code setFailWorkflowExceptionTypes(RuntimeException.class)} would
 * fail the workflow. Only {@code setFailWorkflowExceptionTypes} with {@code Throwable}, {@code
 * Error} or this class fails the workflow with it; {@link TdcBuilder#sdkErrors} turns it off.
 */
public final class TdcTaskFailure extends Error {
  private static final long serialVersionUID = 1L;

  TdcTaskFailure(TdcException cause) {
    super(cause.getMessage() + "; the workflow task is retried until this is fixed", cause);
  }
}
