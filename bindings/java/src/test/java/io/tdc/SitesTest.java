package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.enums.v1.EventType;
import io.temporal.client.WorkflowQueryException;
import io.temporal.client.WorkflowStub;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A worker with a wrong or a missing key, at each site where workflow code decodes: the task fails
 * until the right key is there, and then the workflow completes. The worker fails workflows for any
 * exception: only an error can save a task from that.
 */
class SitesTest {
  /** What others encode: activities, children, clients. */
  private static final List<String> READ =
      List.of(
          "input",
          "activity result",
          "activity failure",
          "local activity arguments",
          "child result",
          "child failure",
          "memo",
          "nexus result",
          "signal",
          "update",
          "query");

  /** What the workflow's own worker encodes, and decodes in a later task. */
  private static final List<String> WRITTEN =
      List.of(
          "side effect",
          "mutable side effect",
          "local activity result",
          "local activity failure",
          "version");

  /** A query fails for itself, and a version's marker is never encoded. */
  private static final List<String> NO_TASK_FAILS = List.of("query", "version");

  private final Map<String, WorkflowStub> visits = new LinkedHashMap<>();
  private int reported;

  @ParameterizedTest
  @EnumSource(SitesEnvironment.Fault.class)
  void theTaskFailsUntilTheKeyIsThere(SitesEnvironment.Fault fault) throws Exception {
    try (SitesEnvironment environment = new SitesEnvironment(fault, false, Exception.class)) {
      for (String site : WRITTEN) {
        visits.put(site, environment.start(site, "writers"));
      }
      visits.put("continue as new", environment.start("continue as new", "writers"));
      for (String site : READ) {
        visits.put(site, environment.start(site, "readers"));
      }
      for (String site : WRITTEN) {
        environment.await(visits.get(site), EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
      }
      environment.awaitTaskFailure(visits.get("continue as new"));
      environment.spoilWriters();
      for (String site : WRITTEN) {
        environment.own.newUntypedWorkflowStub(site).signal("hand", "go on");
      }
      visits.get("signal").signal("hand", "signal");
      // Not in the common pool, whose one thread the SDK needs as well from Java 25 on.
      FutureTask<String> updated =
          new FutureTask<>(() -> visits.get("update").update("update", String.class, "update"));
      new Thread(updated, "update").start();
      WorkflowStub query = visits.get("query");
      WorkflowQueryException refused =
          assertThrows(
              WorkflowQueryException.class, () -> query.query("ask", String.class, "query"));
      String said = String.valueOf(refused.getCause().getMessage());
      assertTrue(said.contains(fault.code), said);

      visits.forEach((site, stub) -> assertFails(environment, site, stub, fault.code));
      assertTrue(reported > 0);
      environment.mend();

      assertEquals("update", updated.get());
      assertEquals("query", query.query("ask", String.class, "query"));
      query.signal("hand", "query");
      Map<String, String> expected = new LinkedHashMap<>();
      Map<String, String> results = new LinkedHashMap<>();
      visits.forEach(
          (site, stub) -> {
            expected.put(site, site.equals("continue as new") ? "continued" : site);
            results.put(site, stub.getResult(String.class));
          });
      assertEquals(expected, results);
    }
  }

  private void assertFails(
      SitesEnvironment environment, String site, WorkflowStub stub, String code) {
    if (NO_TASK_FAILS.contains(site)) {
      assertEquals(
          List.of(), environment.events(stub, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED), site);
      return;
    }
    try {
      Optional<String> said = environment.awaitTaskFailure(stub);
      assertTrue(said.isEmpty() || said.get().startsWith(code), site + ": " + said);
      reported += said.isPresent() ? 1 : 0;
    } catch (InterruptedException e) {
      throw new AssertionError(site, e);
    }
  }
}
