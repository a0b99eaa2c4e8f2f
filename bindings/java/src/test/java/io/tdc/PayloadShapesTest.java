package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnsafeByteOperations;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads of every shape cross to the library and come back equal. */
class PayloadShapesTest {
  private static Tdc encrypt;
  private static Tdc compress;

  @BeforeAll
  static void open() {
    encrypt = Configs.encrypting();
    compress = Tdc.parse(Configs.withKey("[zstd, encrypt]"), Configs.HERE);
  }

  @AfterAll
  static void close() {
    encrypt.close();
    compress.close();
  }

  static Stream<Payload> shapes() {
    ByteString text = ByteString.copyFromUtf8("some contents");
    Payload plain = Configs.json("Testing");
    Payload.Builder many = plain.toBuilder();
    for (int i = 0; i < 300; i++) {
      many.putMetadata("key-" + i, ByteString.copyFromUtf8("value " + i));
    }
    ByteBuffer direct = ByteBuffer.allocateDirect(1000);
    ByteString rope = text;
    for (int i = 0; i < 200; i++) {
      rope = rope.concat(text);
    }
    return Stream.of(
        Payload.getDefaultInstance(),
        Configs.json(null),
        plain,
        plain.toBuilder().putMetadata("Schlüssel €", ByteString.copyFromUtf8("ü")).build(),
        plain.toBuilder().putMetadata("", ByteString.EMPTY).build(),
        plain.toBuilder().putMetadata("long", ByteString.copyFrom(new byte[100_000])).build(),
        many.build(),
        plain.toBuilder().setData(rope).build(),
        plain.toBuilder().setData(text.substring(5, 9)).build(),
        plain.toBuilder().setData(UnsafeByteOperations.unsafeWrap(direct)).build(),
        external(plain, 300_000),
        plain.toBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        77, UnknownFieldSet.Field.newBuilder().addLengthDelimited(text).build())
                    .build())
            .build());
  }

  /** With {@code external_payloads}, which older versions of Temporal's API have no setter for. */
  private static Payload external(Payload payload, long size) {
    UnknownFieldSet details =
        UnknownFieldSet.newBuilder()
            .addField(1, UnknownFieldSet.Field.newBuilder().addVarint(size).build())
            .build();
    UnknownFieldSet.Field field =
        UnknownFieldSet.Field.newBuilder().addLengthDelimited(details.toByteString()).build();
    ByteString added = UnknownFieldSet.newBuilder().addField(3, field).build().toByteString();
    try {
      return Payload.parseFrom(payload.toByteString().concat(added));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void comesBackEqual(Payload value) {
    assertRoundTrip(encrypt.payloadCodec(), value);
    assertRoundTrip(compress.payloadCodec(), value);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 126, 127, 128, 16_383, 16_384, 65_000, 66_500, 70_000, 2 << 20})
  void comesBackEqualAtEverySize(int size) {
    byte[] random = new byte[size];
    new Random(size).nextBytes(random);
    for (byte[] data : List.of(new byte[size], random)) {
      Payload value =
          Configs.json(null).toBuilder().setData(UnsafeByteOperations.unsafeWrap(data)).build();
      byte[] before = value.toByteArray();
      assertRoundTrip(encrypt.payloadCodec(), value);
      assertRoundTrip(compress.payloadCodec(), value);
      assertArrayEquals(before, value.toByteArray(), "the input has changed");
    }
  }

  @Test
  void aSmallAnswerKeepsNoLargeArrayAlive() {
    Payload zeros =
        Configs.json(null).toBuilder().setData(ByteString.copyFrom(new byte[1 << 20])).build();
    Payload small = compress.payloadCodec().encode(List.of(zeros)).get(0);
    assertTrue(small.getSerializedSize() < 2000, () -> "" + small.getSerializedSize());
    assertEquals(zeros, compress.payloadCodec().decode(List.of(small)).get(0));
  }

  @Test
  void whatTheCodecsLeaveAloneIsTheSameObject() {
    Payload strange =
        Payload.newBuilder().putMetadata("encoding", ByteString.copyFromUtf8("my/own")).build();
    assertSame(strange, encrypt.payloadCodec().decode(List.of(strange)).get(0));
  }

  @Test
  void batchesKeepTheirOrder() {
    List<Payload> values = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      values.add(Configs.json("value " + i));
    }
    PayloadCodec codec = encrypt.payloadCodec();
    assertEquals(values, codec.decode(codec.encode(values)));
    assertEquals(List.of(), codec.encode(List.of()));
  }

  private static void assertRoundTrip(PayloadCodec codec, Payload value) {
    for (int i = 0; i < 3; i++) {
      Payload encoded = codec.encode(List.of(value)).get(0);
      assertEquals("binary/encrypted", encoded.getMetadataOrThrow("encoding").toStringUtf8());
      assertEquals(value, codec.decode(List.of(encoded)).get(0));
    }
  }
}
