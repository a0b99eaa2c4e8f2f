package io.tdc.e2e;

import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.ArrayList;
import java.util.List;

/**
 * The workflow that every language has: small, but it decodes an input and signals inside workflow
 * tasks.
 */
@WorkflowInterface
public interface Echo {
  /** Answers with all that was said once it is told to close. */
  @WorkflowMethod(name = "Echo")
  List<String> run(String opening);

  /** Keeps one word, or closes. */
  @SignalMethod(name = "say")
  void say(String word);

  /** The implementation that the worker registers. */
  final class Implementation implements Echo {
    private final List<String> said = new ArrayList<>();
    private boolean closed;

    @Override
    public List<String> run(String opening) {
      said.add(0, opening);
      Workflow.await(() -> closed);
      return said;
    }

    @Override
    public void say(String word) {
      if (word.equals("close")) {
        closed = true;
      } else {
        said.add(word);
      }
    }
  }
}
