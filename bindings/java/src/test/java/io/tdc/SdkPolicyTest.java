package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.enums.v1.EventType;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowStub;
import io.temporal.client.WorkflowUpdateException;
import io.temporal.common.converter.RawValue;
import io.temporal.failure.ApplicationFailure;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is left to the SDK in workflow code, and where it gives no choice. */
class SdkPolicyTest {
  private static final SitesEnvironment.Fault WRONG = SitesEnvironment.Fault.WRONG_KEY;

  /** Bytes that no key opens, and that no operator can cure. */
  private static List<Payload> garbage() {
    return List.of(
        payload("binary/encrypted", new byte[] {1, 2, 3}),
        payload("binary/zlib", new byte[] {1, 2, 3}),
        payload("json/plain", new byte[] {'{'}));
  }

  private static Payload payload(String encoding, byte[] data) {
    return Payload.newBuilder()
        .putMetadata("encoding", ByteString.copyFromUtf8(encoding))
        .putMetadata("encryption-key-id", ByteString.copyFromUtf8("own"))
        .setData(ByteString.copyFrom(data))
        .build();
  }

  @Test
  void garbageInSignalsAndUpdatesStopsNothing() throws Exception {
    try (SitesEnvironment environment = new SitesEnvironment(WRONG, false, Exception.class)) {
      WorkflowStub stub = environment.start("signal", "readers");
      for (Payload garbage : garbage()) {
        environment
            .unencoded
            .newUntypedWorkflowStub("signal")
            .signal("hand", new RawValue(garbage));
        WorkflowStub updating = environment.unencoded.newUntypedWorkflowStub("signal");
        assertThrows(
            WorkflowUpdateException.class,
            () -> updating.update("update", String.class, new RawValue(garbage)));
      }
      environment.own.newUntypedWorkflowStub("signal").signal("hand", "signal");
      assertEquals("signal", stub.getResult(String.class));
      assertEquals(List.of(), environment.events(stub, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED));
    }
  }

  @Test
  void withSdkErrorsSignalsAreDroppedUpdatesRejectedAndInputsFail() throws Exception {
    try (SitesEnvironment environment = new SitesEnvironment(WRONG, true, Exception.class)) {
      WorkflowStub stub = environment.start("signal", "readers");
      stub.signal("hand", "dropped");
      assertThrows(
          WorkflowUpdateException.class, () -> stub.update("update", String.class, "rejected"));
      environment.own.newUntypedWorkflowStub("signal").signal("hand", "signal");
      assertEquals("signal", stub.getResult(String.class));
      assertFailed(environment.start("input", "readers"), "TDC_ERR_AUTHENTICATION");
      assertFailed(environment.start("activity result", "readers"), "TDC_ERR_AUTHENTICATION");
    }
  }

  /** The table in the README: {@code Throwable} names {@link TdcTaskFailure} as well. */
  @Test
  void whereTheWorkerFailsWorkflowsForAnyThrowable() throws Exception {
    try (SitesEnvironment environment = new SitesEnvironment(WRONG, false, Throwable.class)) {
      assertFailed(environment.start("input", "readers"), "TDC_ERR_AUTHENTICATION");
      assertFailed(environment.start("memo", "readers"), "TDC_ERR_AUTHENTICATION");
      WorkflowStub signal = environment.start("signal", "readers");
      signal.signal("hand", "signal");
      assertFailed(signal, "TDC_ERR_AUTHENTICATION");
      WorkflowStub update = environment.start("update", "readers");
      assertThrows(
          WorkflowUpdateException.class, () -> update.update("update", String.class, "update"));
      environment.own.newUntypedWorkflowStub("update").signal("hand", "update");
      assertEquals("update", update.getResult(String.class));

      for (String site :
          List.of(
              "activity result",
              "activity failure",
              "child result",
              "child failure",
              "nexus result")) {
        assertFailed(environment.start(site, "readers"), "TDC_ERR_AUTHENTICATION");
      }
      // That is decoded on another thread, which the option does not reach.
      WorkflowStub local = environment.start("local activity arguments", "readers");
      environment.awaitTaskFailure(local);
      environment.mend();
      assertEquals("local activity arguments", local.getResult(String.class));
    }
  }

  /**
   * The same for what the workflow's own worker wrote, with another key. What the failure says is
   * the SDK's: it names the event at which the replay ended.
   */
  @Test
  void whereTheWorkerFailsWorkflowsForAnyThrowableInSideEffects() throws Exception {
    List<String> sites =
        List.of(
            "side effect",
            "mutable side effect",
            "local activity result",
            "local activity failure");
    try (SitesEnvironment environment = new SitesEnvironment(WRONG, false, Throwable.class)) {
      for (String site : sites) {
        WorkflowStub stub = environment.start(site, "writers");
        environment.await(stub, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
      }
      environment.spoilWriters();
      for (String site : sites) {
        environment.own.newUntypedWorkflowStub(site).signal("hand", "go on");
      }
      for (String site : sites) {
        WorkflowStub stub = environment.own.newUntypedWorkflowStub(site);
        assertThrows(WorkflowFailedException.class, () -> stub.getResult(String.class), site);
      }
    }
  }

  private static void assertFailed(WorkflowStub stub, String code) {
    WorkflowFailedException failed =
        assertThrows(WorkflowFailedException.class, () -> stub.getResult(String.class));
    ApplicationFailure cause = (ApplicationFailure) failed.getCause();
    assertTrue(cause.getOriginalMessage().startsWith(code), cause.getOriginalMessage());
    assertFalse(cause.getType().isEmpty());
  }
}
