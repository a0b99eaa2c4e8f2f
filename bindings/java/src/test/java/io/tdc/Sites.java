package io.tdc;

import io.nexusrpc.Operation;
import io.nexusrpc.Service;
import io.nexusrpc.handler.OperationHandler;
import io.nexusrpc.handler.OperationImpl;
import io.nexusrpc.handler.ServiceImpl;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.RetryOptions;
import io.temporal.common.converter.RawValue;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.ChildWorkflowOptions;
import io.temporal.workflow.ContinueAsNewOptions;
import io.temporal.workflow.NexusOperationOptions;
import io.temporal.workflow.NexusServiceOptions;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A workflow that decodes a value at one site, which its argument names, and gives it back. Each
 * site takes any exception for an outcome, as workflows do.
 */
final class Sites {
  /** The task queue of the activities, children and Nexus operations. */
  static final String OTHERS = "others";

  /** Where a workflow goes on that was continued as new. */
  static final String NEXT = "next";

  /** A payload that the others encoded, for the arguments of a local activity. */
  static volatile Payload foreign;

  private Sites() {}

  /** What the other side does. */
  @ActivityInterface
  public interface Others {
    /** Gives the text back. */
    String echo(String text);

    /** Throws. */
    String fail(String text);
  }

  /** The activities, which are local ones as well. */
  public static final class OthersActivities implements Others {
    @Override
    public String echo(String text) {
      return text;
    }

    @Override
    public String fail(String text) {
      throw ApplicationFailure.newFailure(text, "Type", text);
    }
  }

  /** A Nexus service. */
  @Service
  public interface EchoService {
    /** Gives the text back. */
    @Operation
    String echo(String text);
  }

  /** The service. */
  @ServiceImpl(service = EchoService.class)
  public static final class EchoServiceHandler {
    /** Handles the operation. */
    @OperationImpl
    public OperationHandler<String, String> echo() {
      return OperationHandler.sync((context, details, text) -> text);
    }
  }

  /** A child. */
  @WorkflowInterface
  public interface Child {
    /** Gives the text back, or throws. */
    @WorkflowMethod
    String child(String text, boolean fails);
  }

  /** The child. */
  public static final class ChildDefinition implements Child {
    @Override
    public String child(String text, boolean fails) {
      if (fails) {
        throw ApplicationFailure.newFailure(text, "Type", text);
      }
      return text;
    }
  }

  /** The workflow. */
  @WorkflowInterface
  public interface Visit {
    /** Decodes a value at {@code site}, and gives it back. */
    @WorkflowMethod
    String visit(String site);

    /** Hands a value in, or lets the workflow go on. */
    @SignalMethod
    void hand(String value);

    /** Hands a value in. */
    @UpdateMethod
    String update(String value);

    /** Gives the argument back. */
    @QueryMethod
    String ask(String value);
  }

  /** The workflow. */
  public static final class VisitDefinition implements Visit {
    private String handed;

    @Override
    public String visit(String site) {
      switch (site) {
        case "activity result":
          return remote().echo(site);
        case "activity failure":
          return messageOf(() -> remote().fail(site));
        case "local activity arguments":
          return messageOf(() -> untypedLocal(new RawValue(foreign)));
        case "local activity result":
          return handedAfter(local().echo(site));
        case "local activity failure":
          return handedAfter(messageOf(() -> local().fail(site)));
        case "child result":
          return child().child(site, false);
        case "child failure":
          return messageOf(() -> child().child(site, true));
        case "side effect":
          return handedAfter(Workflow.sideEffect(String.class, () -> site));
        case "mutable side effect":
          return handedAfter(
              Workflow.mutableSideEffect("id", String.class, (a, b) -> !a.equals(b), () -> site));
        case "version":
          return handedAfter(
              Workflow.getVersion("change", Workflow.DEFAULT_VERSION, 1) == 1 ? site : "old");
        case "memo":
          return (String) Workflow.getMemo("memo", String.class);
        case "nexus result":
          return Workflow.newNexusServiceStub(EchoService.class, nexus()).echo(site);
        case "continue as new":
          Workflow.newContinueAsNewStub(
                  Visit.class, ContinueAsNewOptions.newBuilder().setTaskQueue(NEXT).build())
              .visit("continued");
          return "not continued";
        case "signal":
        case "update":
        case "query":
          Workflow.await(() -> handed != null);
          return handed;
        default:
          return site;
      }
    }

    @Override
    public void hand(String value) {
      handed = value;
    }

    @Override
    public String update(String value) {
      handed = value;
      return value;
    }

    @Override
    public String ask(String value) {
      return value;
    }

    /** Waits for a signal; the task that brings it decodes everything before again. */
    private String handedAfter(String value) {
      Workflow.await(() -> handed != null);
      return value;
    }

    private static String messageOf(Supplier<String> call) {
      try {
        return call.get();
      } catch (TemporalFailure e) {
        return ((ApplicationFailure) e.getCause()).getOriginalMessage();
      } catch (Exception e) {
        return "an exception that is no failure: " + e;
      }
    }

    private static Others remote() {
      return Workflow.newActivityStub(
          Others.class,
          ActivityOptions.newBuilder()
              .setTaskQueue(OTHERS)
              .setStartToCloseTimeout(Duration.ofSeconds(30))
              .setRetryOptions(once())
              .build());
    }

    private static Others local() {
      return Workflow.newLocalActivityStub(Others.class, localOptions());
    }

    private static String untypedLocal(RawValue argument) {
      return Workflow.newUntypedLocalActivityStub(localOptions())
          .execute("Echo", String.class, argument);
    }

    private static LocalActivityOptions localOptions() {
      return LocalActivityOptions.newBuilder()
          .setStartToCloseTimeout(Duration.ofSeconds(30))
          .setRetryOptions(once())
          .build();
    }

    private static Child child() {
      return Workflow.newChildWorkflowStub(
          Child.class, ChildWorkflowOptions.newBuilder().setTaskQueue(OTHERS).build());
    }

    private static NexusServiceOptions nexus() {
      return NexusServiceOptions.newBuilder()
          .setEndpoint(OTHERS)
          .setOperationOptions(
              NexusOperationOptions.newBuilder()
                  .setScheduleToCloseTimeout(Duration.ofSeconds(60))
                  .build())
          .build();
    }

    private static RetryOptions once() {
      return RetryOptions.newBuilder().setMaximumAttempts(1).build();
    }
  }
}
