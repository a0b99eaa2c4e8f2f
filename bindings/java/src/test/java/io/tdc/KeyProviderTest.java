package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

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
  void withoutAProviderTheKeyIsUnknown() {
    try (Tdc tdc = Tdc.parse(Configs.withHostKeys(), Configs.HERE)) {
      PayloadCodec codec = tdc.payloadCodec();
      TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
      assertEquals("TDC_ERR_KEY_UNKNOWN", error.codeName());
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
        assertTrue(error.isTransient());
        assertSame(away, error.getCause());
      }
      assertEquals(values, codec.decode(codec.encode(values)));
    }
  }

  @Test
  void aKeyOfTheWrongLengthIsPermanent() {
    try (Tdc tdc = open(id -> new byte[31])) {
      PayloadCodec codec = tdc.payloadCodec();
      TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
      assertEquals("TDC_ERR_KEY_INVALID", error.codeName());
      assertFalse(error.isTransient());
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
