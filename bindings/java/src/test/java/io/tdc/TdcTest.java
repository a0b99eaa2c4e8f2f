package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.PayloadCodecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TdcTest {
  @Test
  void theBackendIsTheOneForThisJava() {
    assertTrue(TdcLibrary.isAvailable(), () -> TdcLibrary.unavailabilityCause().toString());
    assertTrue(
        TdcLibrary.description().endsWith(" by " + System.getProperty("tdc.test.backend")),
        TdcLibrary.description());
  }

  @Test
  void javaOpensWhatTdcEncrypted() throws Exception {
    try (Tdc tdc = Configs.encrypting()) {
      Payload value = Configs.json("Testing");
      Payload sealed = tdc.payloadCodec().encode(List.of(value)).get(0);
      assertEquals("binary/encrypted", sealed.getMetadataOrThrow("encoding").toStringUtf8());
      assertEquals(Configs.KEY_ID, sealed.getMetadataOrThrow("encryption-key-id").toStringUtf8());

      byte[] data = sealed.getData().toByteArray();
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          Cipher.DECRYPT_MODE,
          new SecretKeySpec(Configs.KEY, "AES"),
          new GCMParameterSpec(128, data, 0, 12));
      assertArrayEquals(value.toByteArray(), cipher.doFinal(data, 12, data.length - 12));
    }
  }

  @Test
  void opensAFileAndReloadsIt(@TempDir Path directory) throws IOException {
    Path key = directory.resolve("orders.key");
    Files.writeString(key, Base64.getEncoder().encodeToString(Configs.KEY));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Path config = directory.resolve("tdc.yaml");
    String document = "version: 1\nkeys: { primary: k, ring: { k: { file: orders.key } } }\n";
    Files.writeString(config, document + "codecs: [encrypt]\n");
    try (Tdc tdc = Tdc.open(config)) {
      Payload value = Configs.json("before");
      Payload sealed = tdc.payloadCodec().encode(List.of(value)).get(0);
      Files.writeString(config, document + "codecs: []\n");
      tdc.reload();
      assertSame(value, tdc.payloadCodec().encode(List.of(value)).get(0));
      assertEquals(value, tdc.payloadCodec().decode(List.of(sealed)).get(0));

      String both =
          "keys: { primary: ID, ring: { k: { file: orders.key }, ID: { file: orders.key } } }\n";
      Files.writeString(
          config, "version: 1\n" + both.replace("ID", "far".repeat(40)) + "codecs: [encrypt]\n");
      tdc.reload();
      Payload far = tdc.payloadCodec().encode(List.of(value)).get(0);
      assertEquals(value, tdc.payloadCodec().decode(List.of(far)).get(0));

      Files.writeString(config, "version: 2\n");
      TdcException error = assertThrows(TdcException.class, tdc::reload);
      assertEquals(Code.CONFIG.number(), error.code());
      assertEquals(value, tdc.payloadCodec().decode(List.of(sealed)).get(0));
    }
  }

  @Test
  void theLimitsHoldForAListThatCrossesPayloadByPayload() {
    Payload large = Configs.json("x".repeat(60_000));
    List<Payload> sealed;
    try (Tdc tdc = Configs.encrypting()) {
      sealed = tdc.payloadCodec().encode(List.of(large, large));
    }
    String limits = "limits: { max_decoded_bytes: 100000 }\n";
    try (Tdc tdc = Tdc.parse(Configs.withKey("[encrypt]") + limits, Configs.HERE)) {
      assertEquals(large, tdc.payloadCodec().decode(sealed.subList(0, 1)).get(0));
      TdcException error =
          assertThrows(TdcException.class, () -> tdc.payloadCodec().decode(sealed));
      assertEquals("TDC_ERR_LIMIT", error.codeName());
      assertEquals(1, error.payloadIndex().getAsInt());
    }
  }

  @Test
  void aWrongConfigurationSaysWhere() {
    TdcException error =
        assertThrows(TdcException.class, () -> Tdc.parse("version: 1\ncodec: []\n", Configs.HERE));
    assertEquals("TDC_ERR_CONFIG", error.codeName());
    assertTrue(error.payloadIndex().isEmpty());
    assertTrue(error.isTransient());
    assertTrue(error.getMessage().contains("codec"), error.getMessage());
  }

  @Test
  void anErrorNamesCodeAndPayload() {
    try (Tdc tdc = Configs.encrypting()) {
      PayloadCodec codec = tdc.payloadCodec();
      Payload good = codec.encode(List.of(Configs.json("Testing"))).get(0);
      byte[] data = good.getData().toByteArray();
      data[20] ^= 1;
      Payload bad = good.toBuilder().setData(ByteString.copyFrom(data)).build();
      PayloadCodecException error =
          assertThrows(PayloadCodecException.class, () -> codec.decode(List.of(good, good, bad)));
      TdcException fault = (TdcException) error;
      assertEquals(Code.AUTHENTICATION.number(), fault.code());
      assertEquals(2, fault.payloadIndex().orElseThrow());
      assertTrue(fault.isTransient());
    }
  }

  @Test
  void ofAListOnlyWhatIsAskedForIsDecoded() {
    try (Tdc tdc = Configs.encrypting()) {
      DataConverter converter = tdc.dataConverter();
      Payloads sealed = converter.toPayloads("a", "b").orElseThrow();
      Payload bad =
          sealed.getPayloads(1).toBuilder().setData(ByteString.copyFrom(new byte[40])).build();
      Optional<Payloads> list = Optional.of(sealed.toBuilder().setPayloads(1, bad).build());
      assertEquals("a", converter.fromPayloads(0, list, String.class, String.class));
      assertNull(converter.fromPayloads(2, list, String.class, String.class));
      TdcException error =
          assertThrows(
              TdcException.class,
              () -> converter.fromPayloads(1, list, String.class, String.class));
      assertEquals("TDC_ERR_AUTHENTICATION", error.codeName());
      assertEquals(1, error.payloadIndex().orElseThrow());
    }
  }

  @Test
  void anUnknownKeyIsTransient() {
    String other = Configs.withKey("[encrypt]").replace(Configs.KEY_ID, "another");
    try (Tdc writer = Tdc.parse(other, Configs.HERE);
        Tdc reader = Configs.encrypting()) {
      Payload sealed = writer.payloadCodec().encode(List.of(Configs.json(1))).get(0);
      TdcException error =
          assertThrows(TdcException.class, () -> reader.payloadCodec().decode(List.of(sealed)));
      assertEquals("TDC_ERR_KEY_UNKNOWN", error.codeName());
      assertTrue(error.isTransient());
    }
  }

  @Test
  void theNamespaceChoosesTheRule() {
    String document =
        Configs.withKey("[encrypt]")
            + "namespaces:\n  - { match: \"orders-*\", codecs: [encrypt] }\n"
            + "  - { match: plain, codecs: [] }\n";
    Payload value = Configs.json("x");
    try (Tdc plain = Tdc.builder(document, Configs.HERE).namespace("plain").open();
        Tdc orders = Tdc.builder(document, Configs.HERE).namespace("orders-eu").open()) {
      assertSame(value, plain.payloadCodec().encode(List.of(value)).get(0));
      assertNotEquals(value, orders.payloadCodec().encode(List.of(value)).get(0));
    }
  }

  @Test
  void failuresAreEncodedIfTheConfigurationSaysSo() {
    RuntimeException cause = ApplicationFailure.newFailure("secret", "type", "detail");
    String attributes = "failures: { encode_common_attributes: true }\n";
    try (Tdc hiding = Tdc.parse(Configs.withKey("[encrypt]") + attributes, Configs.HERE);
        Tdc showing = Configs.encrypting()) {
      DataConverter converter = hiding.dataConverter();
      Failure failure = converter.exceptionToFailure(cause);
      assertEquals("Encoded failure", failure.getMessage());
      assertTrue(converter.failureToException(failure).getMessage().contains("secret"));
      assertEquals("secret", showing.dataConverter().exceptionToFailure(cause).getMessage());
    }
  }

  @Test
  void whatIsClosedThrows() {
    Tdc tdc = Configs.encrypting();
    PayloadCodec codec = tdc.payloadCodec();
    tdc.close();
    tdc.close();
    List<Payload> one = List.of(Configs.json(1));
    assertThrows(IllegalStateException.class, () -> codec.encode(one));
    assertThrows(IllegalStateException.class, () -> codec.decode(one));
    assertThrows(IllegalStateException.class, tdc::reload);
    assertThrows(IllegalStateException.class, tdc::dataConverter);
  }

  @Test
  void theTableOfCodesIsTheLibrarys() {
    for (Code code : Code.values()) {
      assertSame(code, Code.of(code.number()).orElseThrow());
      assertEquals(Native.statusIsTransient(code.number()) != 0, code.isTransient(), code::symbol);
    }
    assertTrue(Code.of(999).isEmpty());
  }
}
