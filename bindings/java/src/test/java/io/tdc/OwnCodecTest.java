package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.PayloadCodec;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nonnull;
import org.junit.jupiter.api.Test;

/** A codec of the user's own before and after ours, as the README says. */
class OwnCodecTest {
  private static final String TEXT = "a secret ".repeat(10);

  private final Tdc tdc =
      Tdc.parse(
          Configs.withKey("[encrypt]")
              + "converters: [null, bytes, msgpack]\n"
              + "failures: { encode_common_attributes: true }\n",
          Configs.HERE);
  private final PayloadCodec yours = new WrappingCodec();

  @Test
  void before() {
    DataConverter converter =
        tdc.dataConverter(new CodecDataConverter(tdc.payloadConverter(), List.of(yours)));
    Payload payload = converter.toPayload(TEXT).orElseThrow();
    assertEquals("binary/encrypted", encoding(payload));
    assertRoundTrip(converter);
  }

  @Test
  void after() {
    DataConverter converter =
        new CodecDataConverter(tdc.payloadConverter(), List.of(yours, tdc.payloadCodec()), true);
    Payload payload = converter.toPayload(TEXT).orElseThrow();
    assertEquals("my/wrapped", encoding(payload));
    assertEquals("binary/encrypted", encoding(yours.decode(List.of(payload)).get(0)));
    assertRoundTrip(converter);
  }

  private static void assertRoundTrip(DataConverter converter) {
    Payload payload = converter.toPayload(TEXT).orElseThrow();
    assertEquals(TEXT, converter.fromPayload(payload, String.class, String.class));
    Failure failure =
        converter.exceptionToFailure(ApplicationFailure.newFailure(TEXT, "Type", TEXT));
    assertFalse(failure.toString().contains("a secret"), failure::toString);
    ApplicationFailure back =
        assertInstanceOf(ApplicationFailure.class, converter.failureToException(failure));
    assertEquals(TEXT, back.getOriginalMessage());
    assertEquals(TEXT, back.getDetails().get(0, String.class));
  }

  private static String encoding(Payload payload) {
    return payload.getMetadataOrThrow("encoding").toStringUtf8();
  }

  /** Puts each payload whole into another, and gives back what it did not make. */
  private static final class WrappingCodec implements PayloadCodec {
    @Nonnull
    @Override
    public List<Payload> encode(@Nonnull List<Payload> payloads) {
      return payloads.stream()
          .map(
              each ->
                  Payload.newBuilder()
                      .putMetadata("encoding", ByteString.copyFromUtf8("my/wrapped"))
                      .setData(each.toByteString())
                      .build())
          .collect(Collectors.toList());
    }

    @Nonnull
    @Override
    public List<Payload> decode(@Nonnull List<Payload> payloads) {
      return payloads.stream().map(WrappingCodec::unwrap).collect(Collectors.toList());
    }

    private static Payload unwrap(Payload payload) {
      try {
        return encoding(payload).equals("my/wrapped")
            ? Payload.parseFrom(payload.getData())
            : payload;
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
