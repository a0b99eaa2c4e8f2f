package io.tdc.examples;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;

/** An order that is charged. Nothing here knows of codecs. */
@WorkflowInterface
public interface OrderWorkflow {
  /** The task queue that the worker and the client of this example share. */
  String TASK_QUEUE = "orders";

  /** Charges the customer and says what happened. */
  @WorkflowMethod
  String process(String customer, int cents);

  /** What the workflow does outside. */
  @ActivityInterface
  interface Charging {
    /** Charges the customer and gives a receipt. */
    String charge(String customer, int cents);
  }

  /** The workflow. */
  class Definition implements OrderWorkflow {
    private final Charging charging =
        Workflow.newActivityStub(
            Charging.class,
            ActivityOptions.newBuilder().setStartToCloseTimeout(Duration.ofSeconds(10)).build());

    @Override
    public String process(String customer, int cents) {
      return "done: " + charging.charge(customer, cents);
    }
  }

  /** The activity. */
  class Cashier implements Charging {
    @Override
    public String charge(String customer, int cents) {
      return customer + " paid " + cents + " cents";
    }
  }
}
