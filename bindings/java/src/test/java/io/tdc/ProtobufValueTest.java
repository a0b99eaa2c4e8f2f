package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.QuotaFailure;
import com.google.rpc.context.AttributeContext;
import com.google.type.Money;
import com.google.type.PostalAddress;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DataConverterException;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.common.converter.ProtobufJsonPayloadConverter;
import io.temporal.common.converter.ProtobufPayloadConverter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Messages by the configuration's converters; the library asks Java's protobuf for their types. */
class ProtobufValueTest {
  private final Tdc tdc =
      Tdc.parse("version: 1\nconverters: [null, bytes, json-protobuf, msgpack]\n", Configs.HERE);
  private final DataConverter ours = tdc.payloadConverter();
  private final DataConverter sdks = DefaultDataConverter.newDefaultInstance();

  @AfterEach
  void close() {
    tdc.close();
  }

  @Test
  void aMessageIsTheSameJsonInEveryLanguage() {
    WorkflowExecution value =
        WorkflowExecution.newBuilder().setWorkflowId("<w>").setRunId("r").build();
    Payload payload = ours.toPayload(value).orElseThrow();
    assertEquals("json/protobuf", payload.getMetadataOrThrow("encoding").toStringUtf8());
    assertEquals(
        "temporal.api.common.v1.WorkflowExecution",
        payload.getMetadataOrThrow("messageType").toStringUtf8());
    assertEquals("{\"workflowId\":\"<w>\",\"runId\":\"r\"}", payload.getData().toStringUtf8());
    assertEquals(payload, ours.toPayload(value.toBuilder()).orElseThrow());
    assertReadByBoth(value, payload);
  }

  @Test
  void aTypeThatTheLibraryDoesNotKnowIsHandedIn() {
    AttributeContext value =
        AttributeContext.newBuilder()
            .setRequest(
                AttributeContext.Request.newBuilder()
                    .setId("1")
                    .setTime(Timestamp.newBuilder().setSeconds(1))
                    .putHeaders("b", "2")
                    .putHeaders("a", "1"))
            .build();
    Payload payload = ours.toPayload(value).orElseThrow();
    assertEquals(
        "{\"request\":{\"id\":\"1\",\"headers\":{\"a\":\"1\",\"b\":\"2\"},"
            + "\"time\":\"1970-01-01T00:00:01Z\"}}",
        payload.getData().toStringUtf8());
    assertReadByBoth(value, payload);

    // A nested type, of another file than those before.
    QuotaFailure.Violation nested = QuotaFailure.Violation.newBuilder().setSubject("s").build();
    assertReadByBoth(nested, ours.toPayload(nested).orElseThrow());
    // Read before anything was written, by a library that has seen nothing.
    try (Tdc fresh = Tdc.parse("version: 1\nconverters: [null, json-protobuf]\n", Configs.HERE)) {
      assertEquals(value, read(fresh.payloadConverter(), payload, AttributeContext.class));
      assertEquals(
          List.of(money(1), money(2)),
          List.of(
              fresh
                  .payloadConverter()
                  .fromPayloads(
                      ours.toPayloads(money(1), money(2)),
                      new Class<?>[] {Money.class, Money.class},
                      new Class<?>[] {Money.class, Money.class})));
    }
  }

  @Test
  void binaryProtobufNeedsNoType() {
    try (Tdc binary =
        Tdc.parse("version: 1\nconverters: [null, binary-protobuf]\n", Configs.HERE)) {
      DataConverter converter = binary.dataConverter();
      Payload payload = converter.toPayload(money(5)).orElseThrow();
      assertEquals(
          Payload.newBuilder()
              .putMetadata("encoding", ByteString.copyFromUtf8("binary/protobuf"))
              .putMetadata("messageType", ByteString.copyFromUtf8("google.type.Money"))
              .setData(money(5).toByteString())
              .build(),
          payload);
      assertReadByBoth(money(5), payload);
      Payload anonymous = payload.toBuilder().removeMetadata("messageType").build();
      assertReadByBoth(money(5), anonymous);
    }
  }

  /** The class that is wanted says the type, as with the SDK's converter. */
  @Test
  void theWordOfThePayloadForItsTypeIsNotNeeded() {
    for (Payload payload :
        List.of(sdks.toPayload(money(7)).orElseThrow(), ours.toPayload(money(7)).orElseThrow())) {
      Payload anonymous = payload.toBuilder().removeMetadata("messageType").build();
      assertReadByBoth(money(7), anonymous);
      Payload renamed =
          payload.toBuilder()
              .putMetadata("messageType", ByteString.copyFromUtf8("acme.old.Money"))
              .build();
      assertReadByBoth(money(7), renamed);
    }
  }

  @Test
  void aDynamicMessageHasItsTypeWithIt() throws Exception {
    FileDescriptorProto file =
        FileDescriptorProto.newBuilder()
            .setName("acme/order.proto")
            .setPackage("acme")
            .setSyntax("proto3")
            .addDependency("google/type/money.proto")
            .addMessageType(
                DescriptorProto.newBuilder()
                    .setName("Order")
                    .addField(
                        FieldDescriptorProto.newBuilder()
                            .setName("total_price")
                            .setNumber(1)
                            .setType(FieldDescriptorProto.Type.TYPE_MESSAGE)
                            .setTypeName(".google.type.Money")))
            .build();
    Descriptor type =
        FileDescriptor.buildFrom(file, new FileDescriptor[] {Money.getDescriptor().getFile()})
            .findMessageTypeByName("Order");
    Message order =
        DynamicMessage.newBuilder(type).setField(type.findFieldByNumber(1), money(3)).build();
    Payload payload = ours.toPayload(order).orElseThrow();
    assertEquals(
        "{\"totalPrice\":{\"currencyCode\":\"EUR\",\"units\":\"3\"}}",
        payload.getData().toStringUtf8());
  }

  @Test
  void whatAnAnyHoldsMustBeKnown() {
    ours.toPayload(money(1));
    Any any = Any.pack(money(2), "type.googleapis.com");
    Payload payload = ours.toPayload(any).orElseThrow();
    assertEquals(any, read(ours, payload, Any.class));
    Any strange = Any.pack(PostalAddress.newBuilder().setRevision(1).build());
    DataConverterException error =
        assertThrows(DataConverterException.class, () -> ours.toPayload(strange));
    TdcException cause = assertInstanceOf(TdcException.class, error.getCause());
    assertEquals("TDC_ERR_TYPE", cause.codeName());
  }

  @Test
  void aWrongTargetIsTheSdksError() {
    Payload payload = ours.toPayload(money(1)).orElseThrow();
    assertThrows(DataConverterException.class, () -> read(ours, payload, String.class));
    assertThrows(DataConverterException.class, () -> read(ours, payload, Message.class));
    Payload text =
        payload.toBuilder().setData(ByteString.copyFromUtf8("{\"units\":\"many\"}")).build();
    assertThrows(DataConverterException.class, () -> read(ours, text, Money.class));
  }

  /**
   * The user's own converter for messages may leave their type out, with any list of converters.
   */
  @Test
  void aConverterOfTheUsersMayLeaveTheTypeOut() {
    for (String converters :
        List.of(
            "[null, bytes, json-protobuf, json]",
            "[null, bytes, json-protobuf, msgpack]",
            "[null, binary-protobuf, msgpack]")) {
      PayloadConverter[][] choices = {
        {new ProtobufPayloadConverter(true)},
        {new ProtobufJsonPayloadConverter(true)},
        {new ProtobufJsonPayloadConverter(true), new ProtobufPayloadConverter(true)},
      };
      for (PayloadConverter[] own : choices) {
        try (Tdc tdc =
            Tdc.builder("version: 1\nconverters: " + converters + "\n", Configs.HERE)
                .payloadConverters(own)
                .open()) {
          DataConverter converter = tdc.payloadConverter();
          Payloads written = converter.toPayloads("a", money(4), null, money(5)).orElseThrow();
          assertEquals(
              money(5), converter.fromPayloads(3, Optional.of(written), Money.class, Money.class));
          Payload payload = written.getPayloads(1);
          assertEquals(money(4), read(converter, payload, Money.class));
          assertReadByBoth(money(4), payload);
          boolean theirs =
              Arrays.stream(own)
                  .anyMatch(
                      each ->
                          each.getEncodingType()
                              .equals(payload.getMetadataOrThrow("encoding").toStringUtf8()));
          boolean converted = !converters.endsWith(" json]");
          if (theirs || converted) {
            assertFalse(payload.containsMetadata("messageType"), converters + payload);
          }
        }
      }
    }
  }

  private static Money money(int units) {
    return Money.newBuilder().setCurrencyCode("EUR").setUnits(units).build();
  }

  private void assertReadByBoth(Message value, Payload payload) {
    assertEquals(value, read(ours, payload, value.getClass()));
    assertEquals(value, read(sdks, payload, value.getClass()));
  }

  private static <T> T read(DataConverter converter, Payload payload, Class<T> type) {
    return converter.fromPayload(payload, type, type);
  }
}
