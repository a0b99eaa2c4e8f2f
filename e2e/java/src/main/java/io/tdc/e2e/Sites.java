package io.tdc.e2e;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.ActivityStub;
import io.temporal.workflow.ChildWorkflowOptions;
import io.temporal.workflow.ChildWorkflowStub;
import io.temporal.workflow.NexusOperationOptions;
import io.temporal.workflow.NexusServiceOptions;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import io.temporal.workflow.WorkflowQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The workflow that decodes at every site where workflow code can meet a payload; Go and Python
 * have the same one. It takes the steps that it is told, in their order, and answers with all that
 * it has read.
 */
@WorkflowInterface
public interface Sites {
  /** The helper is the task queue and the Nexus endpoint from which answers come. */
  @WorkflowMethod(name = "Sites")
  List<String> run(String opening, String helper);

  /** Keeps a step. */
  @SignalMethod(name = "step")
  void step(String name);

  /** Keeps a word. */
  @SignalMethod(name = "say")
  void say(String word);

  /** Keeps an amendment and answers with it. */
  @UpdateMethod(name = "amend")
  String amend(String amendment);

  /** Answers with the question and all that was read. */
  @QueryMethod(name = "ask")
  List<String> ask(String question);

  /** What the workflow runs in its own worker. */
  @ActivityInterface
  interface Local {
    /** Answers. */
    @ActivityMethod(name = "AnswerLocally")
    String answer(String word);

    /** Fails for good, with a message and details that are secret. */
    @ActivityMethod(name = "RefuseLocally")
    void refuse(String word);
  }

  /** The local activities that the worker registers. */
  final class LocalImplementation implements Local {
    @Override
    public String answer(String word) {
      return "answer to " + word;
    }

    @Override
    public void refuse(String word) {
      throw ApplicationFailure.newNonRetryableFailure(
          "refusal of " + word, "Refused", "record of " + word);
    }
  }

  /** The implementation that the worker registers. */
  final class Implementation implements Sites {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final List<String> seen = new ArrayList<>();
    private final WorkflowQueue<String> steps = Workflow.newWorkflowQueue(100);

    @Override
    public List<String> run(String opening, String helper) {
      seen.add(0, opening);
      for (String step = steps.take(); !step.equals("close"); step = steps.take()) {
        if (step.equals("continue-as-new")) {
          Workflow.continueAsNew(opening, helper);
        }
        seen.add(pass(step, opening, helper));
      }
      return seen;
    }

    @Override
    public void step(String name) {
      steps.put(name);
    }

    @Override
    public void say(String word) {
      seen.add(word);
    }

    @Override
    public String amend(String amendment) {
      seen.add(amendment);
      return amendment;
    }

    @Override
    public List<String> ask(String question) {
      List<String> answer = new ArrayList<>(seen);
      answer.add(0, question);
      return answer;
    }

    /** Takes one step and answers with what it read there. */
    private static String pass(String step, String opening, String helper) {
      switch (step) {
        case "memo":
          return (String) Workflow.getMemo("note", String.class);
        case "activity":
          return remote(helper).execute("Answer", String.class, opening);
        case "activity-failure":
          return refused(() -> remote(helper).execute("Refuse", String.class, opening));
        case "child":
          return child("AnswerChild", helper).execute(String.class, opening);
        case "child-failure":
          return refused(() -> child("RefuseChild", helper).execute(String.class, opening));
        case "nexus":
          return operation(helper, "answer", opening);
        case "nexus-failure":
          return refused(() -> operation(helper, "refuse", opening));
        case "nexus-late-failure":
          return refused(() -> operation(helper, "refuse_later", opening));
        case "local-activity":
          return local().answer(opening);
        case "local-failure":
          return refused(
              () -> {
                local().refuse(opening);
                return "";
              });
        case "side-effect":
          return Workflow.sideEffect(String.class, () -> "answer to " + opening);
        case "mutable-side-effect":
          return Workflow.mutableSideEffect(
              "effect", String.class, (a, b) -> !a.equals(b), () -> "answer to " + opening);
        default:
          throw new IllegalArgumentException("unknown step " + step);
      }
    }

    private static ActivityStub remote(String helper) {
      return Workflow.newUntypedActivityStub(
          ActivityOptions.newBuilder()
              .setTaskQueue(helper)
              .setStartToCloseTimeout(MINUTE)
              .build());
    }

    private static ChildWorkflowStub child(String type, String helper) {
      return Workflow.newUntypedChildWorkflowStub(
          type, ChildWorkflowOptions.newBuilder().setTaskQueue(helper).build());
    }

    private static Local local() {
      return Workflow.newLocalActivityStub(
          Local.class,
          LocalActivityOptions.newBuilder().setStartToCloseTimeout(MINUTE).build());
    }

    private static String operation(String endpoint, String name, String word) {
      NexusServiceOptions options =
          NexusServiceOptions.newBuilder()
              .setEndpoint(endpoint)
              .setOperationOptions(
                  NexusOperationOptions.newBuilder().setScheduleToCloseTimeout(MINUTE).build())
              .build();
      return Workflow.newUntypedNexusServiceStub("Answers", options)
          .execute(name, String.class, word);
    }

    /** The message and the details of a failure: a reader needs both to be decoded. */
    private static String refused(Supplier<String> call) {
      try {
        call.get();
      } catch (TemporalFailure failure) {
        Throwable cause = failure.getCause();
        // A Nexus operation's failure wraps the one that its handler gave as its cause.
        while (cause.getCause() != null) {
          cause = cause.getCause();
        }
        ApplicationFailure refusal = (ApplicationFailure) cause;
        return refusal.getOriginalMessage() + ", " + refusal.getDetails().get(String.class);
      }
      throw new IllegalStateException("expected a failure, found an answer");
    }
  }
}
