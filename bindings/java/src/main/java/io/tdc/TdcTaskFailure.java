package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;

/**
 * A transient fault met in workflow code: fails the workflow <em>task</em>, which the server hands
 * out again, and never the workflow.
 *
 * <p>It is an {@link Error} because the SDK lets an {@code Error} through to the task whatever the
 * workflow does: a {@code catch (Exception e)} around an activity call would take an exception for
 * the activity's outcome, and {@code setFailWorkflowExceptionTypes(RuntimeException.class)} would
 * fail the workflow. (Only {@code setFailWorkflowExceptionTypes(Throwable.class)} takes this one
 * too.)
 */
public final class TdcTaskFailure extends Error {
  private static final long serialVersionUID = 1L;

  private TdcTaskFailure(TdcException cause) {
    super(cause.getMessage(), cause);
  }

  /** In workflow code throws a transient fault as this error; gives any other back to be thrown. */
  static TdcException unlessPermanent(TdcException fault) {
    if (fault.isTransient() && WorkflowUnsafe.isWorkflowThread()) {
      throw new TdcTaskFailure(fault);
    }
    return fault;
  }
}
