package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyProviderTest {
  private final List<Payload> values = List.of(Configs.json("Testing"));

  private static Tdc open(KeyProvider provider) {
    return Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(provider).open();
  }

  @Test
  void isAskedOnceForAKey() {
    AtomicInteger asked = new AtomicInteger();
    try (Tdc tdc =
            open(
                id -> {
                  asked.incrementAndGet();
                  assertEquals(Configs.KEY_ID, id);
                  return Configs.KEY;
                });
        Tdc ring = Configs.encrypting()) {
      List<Payload> encoded = tdc.payloadCodec().encode(values);
      assertEquals(values, tdc.payloadCodec().decode(encoded));
      assertEquals(values, ring.payloadCodec().decode(encoded));
      assertEquals(1, asked.get());
    }
  }

  @Test
  void noSuchKeyIsAnUnknownKey() {
    try (Tdc tdc = open(id -> null)) {
      PayloadCodec codec = tdc.payloadCodec();
      TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
      assertEquals("TDC_ERR_KEY_UNKNOWN", error.codeName());
      assertTrue(error.isTransient());
    }
  }

  @Test
  void withoutAProviderTheErrorSaysThatNoneWasGiven() {
    String expected =
        "TDC_ERR_KEY_PROVIDER (payload 0): the key orders-2026-11 is not in the keyring, and the"
            + " configuration asks the host for it, but no key provider was given:"
            + " pass one to Tdc.builder(…).keyProvider(…), or add the key to keys.ring";
    try (Tdc tdc = Tdc.parse(Configs.withHostKeys(), Configs.HERE);
        Tdc ring = Configs.encrypting()) {
      PayloadCodec codec = tdc.payloadCodec();
      List<Payload> encoded = ring.payloadCodec().encode(values);
      // A second time the library remembers that the host does not have the key.
      for (int i = 0; i < 2; i++) {
        TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
        assertEquals(expected, error.getMessage().replace("\"", ""));
        assertEquals(Code.KEY_PROVIDER.number(), error.code());
        assertTrue(error.isTransient());
        error = assertThrows(TdcException.class, () -> codec.decode(encoded));
        assertEquals(expected, error.getMessage().replace("\"", ""));
      }
      DataConverter converter = tdc.dataConverter();
      Failure failure =
          ring.dataConverter()
              .exceptionToFailure(ApplicationFailure.newFailure("message", "Type", "a detail"));
      TdcException error =
          assertThrows(TdcException.class, () -> converter.failureToException(failure));
      assertEquals("TDC_ERR_KEY_PROVIDER", error.codeName());
    }
  }

  /**
   * The files may have changed: they are read again before the error says that a key is missing.
   */
  @Test
  void withoutAProviderTheFilesAreSearchedFirst(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("tdc.yaml");
    Files.writeString(file, Configs.withHostKeys());
    try (Tdc tdc = Tdc.open(file);
        Tdc ring = Configs.encrypting()) {
      List<Payload> encoded = ring.payloadCodec().encode(values);
      Files.writeString(
          file, Configs.withKey("[encrypt]").replace("keys:\n", "keys:\n  host: true\n"));
      assertEquals(values, tdc.payloadCodec().decode(encoded));
    }
  }

  @Test
  void aProviderThatIsAwayIsTransient() {
    IOException away = new IOException("connection refused");
    AtomicInteger asked = new AtomicInteger();
    try (Tdc tdc =
        open(
            id -> {
              if (asked.incrementAndGet() <= 2) {
                throw away;
              }
              return Configs.KEY;
            })) {
      PayloadCodec codec = tdc.payloadCodec();
      for (int i = 0; i < 2; i++) {
        TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
        assertEquals("TDC_ERR_KEY_PROVIDER", error.codeName());
        assertEquals(
            "TDC_ERR_KEY_PROVIDER (payload 0): the key provider failed for the key \"orders-2026-11\""
                + " with IOException",
            error.getMessage());
        assertTrue(error.isTransient());
        assertSame(away, error.getCause());
      }
      assertEquals(values, codec.decode(codec.encode(values)));
    }
  }

  @Test
  void aKeyOfTheWrongLengthIsTheProvidersToMend() {
    try (Tdc tdc = open(id -> new byte[31])) {
      PayloadCodec codec = tdc.payloadCodec();
      TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
      assertEquals("TDC_ERR_KEY_INVALID", error.codeName());
      assertTrue(error.isTransient());
    }
  }

  @Test
  void mayUseTheLibraryItself() {
    try (Tdc inner = Configs.encrypting();
        Tdc outer =
            open(
                id -> {
                  List<Payload> own = List.of(Configs.json("y".repeat(2000)));
                  assertEquals(own, inner.payloadCodec().decode(inner.payloadCodec().encode(own)));
                  return Configs.KEY;
                })) {
      assertEquals(values, inner.payloadCodec().decode(outer.payloadCodec().encode(values)));
    }
  }
}
