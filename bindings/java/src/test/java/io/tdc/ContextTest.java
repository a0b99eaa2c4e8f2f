package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.context.ActivitySerializationContext;
import io.temporal.payload.context.HasWorkflowSerializationContext;
import io.temporal.payload.context.WorkflowSerializationContext;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContextTest {
  private static final WorkflowSerializationContext WORKFLOW =
      new WorkflowSerializationContext("n", "w");

  @Test
  void isTheMessageThatTheHeaderDescribes() {
    assertEquals("0801" + "12016e" + "1a0177", hex(WORKFLOW));
    assertEquals(
        "0802" + "12016e" + "1a0177" + "220174" + "320161" + "3a0171" + "4001",
        hex(new ActivitySerializationContext("n", "w", "t", "a", "q", true)));
    HasWorkflowSerializationContext other =
        new HasWorkflowSerializationContext() {
          @Override
          public String getNamespace() {
            return "n";
          }

          @Override
          public String getWorkflowId() {
            return "w";
          }
        };
    assertEquals("12016e" + "1a0177", hex(other));
  }

  /** Which older versions of the SDK do not know. */
  @Test
  void anActivityMayBelongToNoWorkflow() {
    assertEquals(
        "0802" + "12016e" + "320161" + "3a0171",
        hex(new ActivitySerializationContext("n", null, null, "a", "q", false)));
  }

  @Test
  void itsNamespaceWinsOverTheOneGivenAtOpen() {
    String document =
        Configs.withKey("[encrypt]")
            + "namespaces:\n  - { match: secret, codecs: [encrypt] }\n"
            + "  - { match: plain, codecs: [] }\n";
    Payload value = Configs.json("x");
    try (Tdc tdc = Tdc.builder(document, Configs.HERE).namespace("plain").open()) {
      PayloadCodec codec = tdc.payloadCodec();
      assertSame(value, codec.encode(List.of(value)).get(0));
      PayloadCodec secret = codec.withContext(new WorkflowSerializationContext("secret", "w"));
      assertNotEquals(value, secret.encode(List.of(value)).get(0));
      assertEquals(value, secret.decode(secret.encode(List.of(value))).get(0));
      PayloadCodec nowhere = codec.withContext(WORKFLOW);
      TdcException error = assertThrows(TdcException.class, () -> nowhere.encode(List.of(value)));
      assertEquals("TDC_ERR_NAMESPACE", error.codeName());
    }
  }

  @Test
  void isEncodedOnceForTheSameContext() {
    try (Tdc tdc = Configs.encrypting()) {
      PayloadCodec codec = tdc.payloadCodec();
      assertSame(codec.withContext(WORKFLOW), codec.withContext(WORKFLOW));
    }
  }

  private static String hex(HasWorkflowSerializationContext context) {
    return HexFormat.of().formatHex(Context.of(context).message);
  }
}
