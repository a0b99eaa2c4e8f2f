package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.failure.v1.ApplicationFailureInfo;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FailureTest {
  private static final String HIDDEN = "failures: { encode_common_attributes: true }\n";
  private static final String KEEP = "failures: { malformed: keep }\n";
  private static final String REFUSE = "failures: { malformed: error }\n";

  private static Tdc open(String failures) {
    return Tdc.parse(Configs.withKey("[encrypt]") + failures, Configs.HERE);
  }

  private static Failure plain(String message) {
    return DefaultDataConverter.STANDARD_INSTANCE.exceptionToFailure(
        ApplicationFailure.newFailureWithCause(
            message, "Outer", new IOException("inner secret"), "detail secret", 7));
  }

  private static Failure withAttributes(Payload attributes) {
    return Failure.newBuilder()
        .setMessage("Encoded failure")
        .setEncodedAttributes(attributes)
        .build();
  }

  @Test
  void everyTextOfTheChainIsHiddenAndComesBack() {
    try (Tdc tdc = open(HIDDEN)) {
      DataConverter converter = tdc.dataConverter();
      Failure plain = plain("outer secret");
      Failure failure =
          converter.exceptionToFailure(
              DefaultDataConverter.STANDARD_INSTANCE.failureToException(plain));
      for (Failure each : List.of(failure, failure.getCause())) {
        assertEquals("Encoded failure", each.getMessage());
        assertEquals("", each.getStackTrace());
        assertTrue(each.hasEncodedAttributes());
      }
      assertFalse(failure.toString().contains("secret"), failure::toString);
      assertEquals(plain, tdc.decodeMessage(failure));

      ApplicationFailure back =
          assertInstanceOf(ApplicationFailure.class, converter.failureToException(failure));
      assertEquals("outer secret", back.getOriginalMessage());
      assertEquals("detail secret", back.getDetails().get(0, String.class));
      assertEquals(7, back.getDetails().get(1, Integer.class));
      TemporalFailure cause = assertInstanceOf(TemporalFailure.class, back.getCause());
      assertEquals("inner secret", cause.getOriginalMessage());
      assertTrue(cause.getStackTrace().length > 0);

      Failure again = converter.exceptionToFailure(back);
      assertFalse(again.toString().contains("secret"), again::toString);
      assertEquals(plain, tdc.decodeMessage(again));
    }
  }

  @Test
  void decodingGoesByTheFailureAndNotByTheOption() {
    try (Tdc hiding = open(HIDDEN);
        Tdc showing = open("")) {
      Failure failure = hiding.encodeMessage(plain("outer secret"));
      RuntimeException back = showing.dataConverter().failureToException(failure);
      assertTrue(back.getMessage().contains("outer secret"), back.getMessage());
      Failure shown = showing.dataConverter().exceptionToFailure(back);
      assertEquals("outer secret", shown.getMessage());
      assertFalse(shown.toString().contains("detail secret"), shown::toString);
    }
  }

  @Test
  void theSdksOwnConverterAgrees() {
    try (Tdc tdc = open(HIDDEN)) {
      DataConverter ours = tdc.dataConverter();
      DataConverter theirs =
          new CodecDataConverter(
              DefaultDataConverter.newDefaultInstance(), List.of(tdc.payloadCodec()), true);
      RuntimeException error = ApplicationFailure.newFailure("grüße <&> 😀", "Type", "detail");
      for (List<DataConverter> pair : List.of(List.of(ours, theirs), List.of(theirs, ours))) {
        Failure failure = pair.get(0).exceptionToFailure(error);
        ApplicationFailure back =
            assertInstanceOf(ApplicationFailure.class, pair.get(1).failureToException(failure));
        assertEquals("grüße <&> 😀", back.getOriginalMessage());
        assertEquals("detail", back.getDetails().get(0, String.class));
        assertEquals(error.getStackTrace()[0].toString(), back.getStackTrace()[0].toString());
      }
    }
  }

  /** Python's bytes, Go's spelling, and what Java writes whose JSON is made by Gson. */
  @Test
  void failuresOfOtherSdksAreRead() throws IOException {
    Failure python =
        Failure.parseFrom(
            HexFormat.of()
                .parseHex(
                    "0a0f456e636f646564206661696c7572652a430a015410011a3c0a1b0a160a08656e636f64696e67120a"
                        + "6a736f6e2f706c61696e1201310a1d0a160a08656e636f64696e67120a6a736f6e2f706c61696e"
                        + "1203226122a2013a0a160a08656e636f64696e67120a6a736f6e2f706c61696e12207b226d6573"
                        + "73616765223a226d222c22737461636b5f7472616365223a22227d"));
    try (Tdc tdc = open("")) {
      DataConverter converter = tdc.dataConverter();
      ApplicationFailure back =
          assertInstanceOf(ApplicationFailure.class, converter.failureToException(python));
      assertEquals("m", back.getOriginalMessage());
      assertEquals("a", back.getDetails().get(1, String.class));
      assertTrue(back.isNonRetryable());

      Failure go = withAttributes(attributes("{\"message\":\"\\u003cm\\u003e\"}"));
      assertEquals("<m>", tdc.decodeMessage(go).getMessage());
      Failure gson = withAttributes(attributes("{\"message\":\"m\",\"stackTrace\":\"at x\"}"));
      assertEquals("at x", tdc.decodeMessage(gson).getStackTrace());
      assertFalse(tdc.decodeMessage(gson).hasEncodedAttributes());
    }
  }

  @Test
  void malformedAttributesFollowTheConfiguration() {
    try (Tdc keep = open(KEEP);
        Tdc refuse = open(REFUSE)) {
      Payload good = keep.payloadCodec().encode(List.of(attributes("{\"message\":\"m\"}"))).get(0);
      byte[] data = good.getData().toByteArray();
      data[20] ^= 1;
      Failure forged = withAttributes(good.toBuilder().setData(ByteString.copyFrom(data)).build());
      Failure noObject = withAttributes(Configs.json("no object"));
      for (Failure failure : List.of(forged, noObject)) {
        RuntimeException kept = keep.dataConverter().failureToException(failure);
        assertTrue(kept.getMessage().contains("Encoded failure"), kept.getMessage());
      }
      assertCode("TDC_ERR_AUTHENTICATION", refuse, forged);
      assertCode("TDC_ERR_FAILURE", refuse, noObject);
    }
  }

  @Test
  void detailsThatCannotBeReadAreAnError() {
    try (Tdc tdc = open(KEEP)) {
      Payload forged =
          tdc.payloadCodec().encode(List.of(Configs.json(1))).get(0).toBuilder()
              .setData(ByteString.copyFrom(new byte[40]))
              .build();
      Failure failure =
          Failure.newBuilder()
              .setMessage("m")
              .setApplicationFailureInfo(
                  ApplicationFailureInfo.newBuilder()
                      .setDetails(Payloads.newBuilder().addPayloads(forged)))
              .build();
      assertCode("TDC_ERR_AUTHENTICATION", tdc, failure);
    }
  }

  @Test
  void aKeyThatIsNotHereIsNeverKept() {
    String other = Configs.withKey("[encrypt]").replace(Configs.KEY_ID, "another");
    try (Tdc writer = Tdc.parse(other + HIDDEN, Configs.HERE);
        Tdc reader = open(KEEP)) {
      Failure failure = writer.encodeMessage(plain("outer secret"));
      TdcException error = assertCode("TDC_ERR_KEY_UNKNOWN", reader, failure);
      assertTrue(error.isTransient());
    }
  }

  @Test
  void theKeyProviderIsAsked() {
    AtomicInteger asked = new AtomicInteger();
    KeyProvider provider =
        id -> {
          if (asked.incrementAndGet() == 1) {
            throw new IOException("connection refused");
          }
          return Configs.KEY;
        };
    try (Tdc writer = open(HIDDEN);
        Tdc reader =
            Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(provider).open()) {
      Failure failure = writer.encodeMessage(plain("outer secret"));
      assertTrue(assertCode("TDC_ERR_KEY_PROVIDER", reader, failure).isTransient());
      RuntimeException back = reader.dataConverter().failureToException(failure);
      assertTrue(back.getMessage().contains("outer secret"), back.getMessage());
      assertEquals(2, asked.get());
    }
  }

  @Test
  void textMayBeAnything() {
    try (Tdc tdc = open(HIDDEN)) {
      DataConverter converter = tdc.dataConverter();
      Failure failure = converter.exceptionToFailure(new IllegalStateException("one\n\0\u2028"));
      assertEquals("one\n\0\u2028", tdc.decodeMessage(failure).getMessage());
      Failure none = converter.exceptionToFailure(new IllegalStateException());
      assertEquals("", tdc.decodeMessage(none).getMessage());
    }
  }

  private static Payload attributes(String json) {
    return Configs.json(1).toBuilder().setData(ByteString.copyFromUtf8(json)).build();
  }

  private static TdcException assertCode(String name, Tdc tdc, Failure failure) {
    DataConverter converter = tdc.dataConverter();
    TdcException error =
        assertThrows(TdcException.class, () -> converter.failureToException(failure));
    assertEquals(name, error.codeName(), error.getMessage());
    return error;
  }

  /** Temporal shows the first message: it says the code, whatever the SDK puts around the error. */
  @Test
  void aTaskThatFailedSaysTheCodeFirst() throws Exception {
    try (Tdc tdc = Configs.encrypting();
        Tdc other =
            Tdc.parse(
                Configs.withKey("[encrypt]").replace("dGVzdC1rZXkt", "b3RoZXIta2V5"),
                Configs.HERE)) {
      Payload payload = other.dataConverter().toPayload("x").orElseThrow();
      TdcException error =
          assertThrows(TdcException.class, () -> tdc.payloadCodec().decode(List.of(payload)));
      Constructor<?> wrapper =
          Class.forName("io.temporal.internal.statemachines.InternalWorkflowTaskException")
              .getDeclaredConstructor(String.class, Throwable.class);
      wrapper.setAccessible(true);
      Throwable wrapped =
          (Throwable)
              wrapper.newInstance(
                  "Failure handling event 3", new RuntimeException("during", error));
      assertEquals(
          error.getMessage() + " (Failure handling event 3)",
          tdc.dataConverter().exceptionToFailure(wrapped).getMessage());
      // What a workflow or an activity throws itself stays as it is.
      assertEquals(
          "mine",
          tdc.dataConverter().exceptionToFailure(new RuntimeException("mine", error)).getMessage());
    }
  }

  /**
   * With the key that is missing nothing can be encoded, and the reason is reported all the same.
   */
  @Test
  void aFailureThatCannotBeEncodedSaysWhyAndNothingElse() {
    String hidden = Configs.withHostKeys() + "failures: { encode_common_attributes: true }\n";
    try (Tdc tdc = Tdc.parse(hidden, Configs.HERE);
        Tdc ring = Configs.encrypting()) {
      DataConverter converter = tdc.dataConverter();
      Payload payload = ring.dataConverter().toPayload("x").orElseThrow();
      TdcException error =
          assertThrows(
              TdcException.class, () -> converter.fromPayload(payload, String.class, String.class));
      Failure failure =
          converter.exceptionToFailure(new RuntimeException("a secret", new TdcTaskFailure(error)));
      assertEquals(error.getMessage(), failure.getMessage());
      assertFalse(failure.toString().contains("a secret"));
      assertEquals("", failure.getStackTrace());
      assertEquals("io.tdc.TdcException", failure.getApplicationFailureInfo().getType());
      assertThrows(
          TdcException.class, () -> converter.exceptionToFailure(new RuntimeException("a secret")));
    }
  }
}
