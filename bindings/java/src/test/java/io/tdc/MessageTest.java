package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.health.v1.HealthCheckRequest;
import io.temporal.api.common.v1.Header;
import io.temporal.api.common.v1.Memo;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.common.v1.SearchAttributes;
import io.temporal.api.export.v1.WorkflowExecution;
import io.temporal.api.export.v1.WorkflowExecutions;
import io.temporal.api.history.v1.History;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.history.v1.WorkflowExecutionStartedEventAttributes;
import io.temporal.api.workflowservice.v1.StartWorkflowExecutionRequest;
import io.temporal.payload.context.WorkflowSerializationContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class MessageTest {
  private static final Payload VALUE = Configs.json("a secret");

  private static StartWorkflowExecutionRequest request() {
    return StartWorkflowExecutionRequest.newBuilder()
        .setWorkflowId("w")
        .setInput(Payloads.newBuilder().addPayloads(VALUE).addPayloads(VALUE))
        .setMemo(Memo.newBuilder().putFields("memo", VALUE))
        .setHeader(Header.newBuilder().putFields("header", VALUE))
        .setSearchAttributes(SearchAttributes.newBuilder().putIndexedFields("attribute", VALUE))
        .setUnknownFields(
            UnknownFieldSet.newBuilder()
                .addField(7777, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build())
        .build();
  }

  private static History history() {
    HistoryEvent.Builder event =
        HistoryEvent.newBuilder()
            .setEventId(1)
            .setWorkflowExecutionStartedEventAttributes(
                WorkflowExecutionStartedEventAttributes.newBuilder()
                    .setInput(Payloads.newBuilder().addPayloads(VALUE)));
    return History.newBuilder().addEvents(event).build();
  }

  @Test
  void everyPayloadButSearchAttributesAndHeadersIsEncoded() {
    try (Tdc tdc = Configs.encrypting()) {
      StartWorkflowExecutionRequest before = request();
      StartWorkflowExecutionRequest encoded = tdc.encodeMessage(before);
      assertEquals(request(), before);
      assertNotEquals(VALUE, encoded.getInput().getPayloads(0));
      assertNotEquals(VALUE, encoded.getInput().getPayloads(1));
      assertNotEquals(VALUE, encoded.getMemo().getFieldsOrThrow("memo"));
      assertEquals(before.getHeader(), encoded.getHeader());
      assertEquals(before.getSearchAttributes(), encoded.getSearchAttributes());
      assertEquals(before.getUnknownFields(), encoded.getUnknownFields());
      assertEquals(before, tdc.decodeMessage(encoded));
    }
  }

  @Test
  void headersAreEncodedIfAsked() {
    try (Tdc tdc = Configs.encrypting()) {
      StartWorkflowExecutionRequest encoded = tdc.encodeMessage(request(), MessageOption.headers());
      assertNotEquals(VALUE, encoded.getHeader().getFieldsOrThrow("header"));
      assertEquals(request(), tdc.decodeMessage(encoded));
    }
  }

  @Test
  void theContextChoosesTheNamespace() {
    String document =
        Configs.withKey("[encrypt]")
            + "namespaces:\n  - { match: secret, codecs: [encrypt] }\n"
            + "  - { match: plain, codecs: [] }\n";
    try (Tdc tdc = Tdc.builder(document, Configs.HERE).namespace("plain").open()) {
      assertEquals(history(), tdc.encodeMessage(history()));
      MessageOption secret = MessageOption.context(new WorkflowSerializationContext("secret", "w"));
      History encoded = tdc.encodeMessage(history(), secret);
      assertNotEquals(history(), encoded);
      assertEquals(history(), tdc.decodeMessage(encoded, secret));
      MessageOption nowhere = MessageOption.context(new WorkflowSerializationContext("x", "w"));
      assertCode("TDC_ERR_NAMESPACE", () -> tdc.encodeMessage(history(), nowhere));
      assertCode("TDC_ERR_NAMESPACE", () -> tdc.decodeHistory(history().toByteArray(), nowhere));
    }
  }

  @Test
  void whatIsNotOfTemporalsApiIsRefused() {
    try (Tdc tdc = Configs.encrypting()) {
      assertCode("TDC_ERR_TYPE", () -> tdc.encodeMessage(HealthCheckRequest.getDefaultInstance()));
      assertEquals(
          Timestamp.getDefaultInstance(), tdc.encodeMessage(Timestamp.newBuilder().build()));
    }
  }

  @Test
  void whatIsMalformedIsAnErrorAndNothingIsLost() {
    try (Tdc tdc = Configs.encrypting()) {
      Payload forged =
          tdc.payloadCodec().encode(List.of(VALUE)).get(0).toBuilder()
              .setData(ByteString.copyFrom(new byte[40]))
              .build();
      Memo memo = Memo.newBuilder().putFields("good", VALUE).putFields("bad", forged).build();
      assertCode("TDC_ERR_AUTHENTICATION", () -> tdc.decodeMessage(memo));
      assertEquals(2, memo.getFieldsCount());
    }
  }

  @Test
  void theKeyProviderIsAsked() {
    AtomicInteger asked = new AtomicInteger();
    KeyProvider provider =
        id -> {
          asked.incrementAndGet();
          return Configs.KEY;
        };
    try (Tdc ring = Configs.encrypting();
        Tdc host = Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(provider).open()) {
      assertEquals(history(), host.decodeMessage(ring.encodeMessage(history())));
      assertEquals(history(), ring.decodeMessage(host.encodeMessage(history())));
      assertEquals(1, asked.get());
    }
  }

  @Test
  void largeMessagesCross() {
    Payload large = Configs.json("x".repeat(3 << 20));
    Memo memo = Memo.newBuilder().putFields("large", large).build();
    try (Tdc tdc = Configs.encrypting()) {
      assertEquals(memo, tdc.decodeMessage(tdc.encodeMessage(memo)));
    }
  }

  @Test
  void exportsKeepTheirForm() throws Exception {
    try (Tdc tdc = Configs.encrypting()) {
      WorkflowExecutions plain =
          WorkflowExecutions.newBuilder()
              .addItems(WorkflowExecution.newBuilder().setHistory(history()))
              .build();
      byte[] export = tdc.encodeMessage(plain).toByteArray();
      assertEquals(plain, WorkflowExecutions.parseFrom(tdc.decodeHistory(export)));

      byte[] json = "{\"events\":[ {\"eventId\":\"1\"} ]}".getBytes(StandardCharsets.UTF_8);
      assertArrayEquals(json, tdc.decodeHistory(json));
      assertCode(
          "TDC_ERR_TYPE", () -> tdc.decodeHistory("{\"a\":1}".getBytes(StandardCharsets.UTF_8)));
      assertCode(
          "TDC_ERR_JSON",
          () -> tdc.decodeHistory("{\"events\":[".getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void whatIsClosedThrows() {
    Tdc tdc = Configs.encrypting();
    tdc.close();
    assertThrows(IllegalStateException.class, () -> tdc.encodeMessage(history()));
    assertThrows(IllegalStateException.class, () -> tdc.decodeHistory(new byte[0]));
  }

  private static void assertCode(String name, Executable call) {
    TdcException error = assertThrows(TdcException.class, call);
    assertEquals(name, error.codeName(), error.getMessage());
    assertTrue(error.getMessage().startsWith(name), error.getMessage());
  }
}
