package io.tdc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class KeyServiceTest {
  private final List<Payload> values = List.of(Configs.json("Testing"));

  @Test
  void isAskedOnceToWrapAndOnceToUnwrap() {
    CountingKeyService service = new CountingKeyService();
    try (Tdc writer = CountingKeyService.open(service);
        Tdc reader = CountingKeyService.open(service)) {
      List<Payload> sealed = writer.payloadCodec().encode(values);
      assertEquals(
          Set.of("encoding", "encryption-key-id", "encryption-dek"),
          sealed.get(0).getMetadataMap().keySet());
      assertEquals(
          CountingKeyService.URI,
          sealed.get(0).getMetadataOrThrow("encryption-key-id").toStringUtf8());
      writer.payloadCodec().encode(values);
      assertEquals(values, writer.payloadCodec().decode(sealed));
      assertEquals(1, service.wraps.get());
      assertEquals(0, service.unwraps.get());
      for (int i = 0; i < 2; i++) {
        assertEquals(values, reader.payloadCodec().decode(sealed));
      }
      assertEquals(1, service.unwraps.get());
      assertArrayEquals(new byte[32], service.last, "the data key is not erased");
      assertArrayEquals(new byte[32], service.given, "the data key is not erased");
    }
  }

  @Test
  void isToldWhatTheConfigurationSays() {
    AtomicReference<KeyServiceKey> asked = new AtomicReference<>();
    KeyService service =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            asked.set(key);
            return super.wrap(key, dataKey);
          }
        };
    try (Tdc tdc = CountingKeyService.open(service, "earlier: [one, two]", "timeout: 2 s")) {
      tdc.payloadCodec().encode(values);
    }
    assertEquals(CountingKeyService.URI, asked.get().uri());
    assertEquals(List.of("one", "two"), asked.get().earlier());
    assertEquals(Duration.ofSeconds(2), asked.get().timeout());
  }

  @Test
  void failuresHaveCodes() {
    assertFailure(
        new IOException("connection refused"), "TDC_ERR_KEY_SERVICE", "connection refused");
    assertFailure(KeyServiceException.refused("disabled"), "TDC_ERR_KEY_REFUSED", "disabled");
    assertFailure(new KeyServiceException("busy", false, false), "TDC_ERR_KEY_SERVICE", "busy");
  }

  private void assertFailure(Exception failure, String code, String reason) {
    KeyService away =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            throw failure;
          }
        };
    try (Tdc tdc = CountingKeyService.open(away)) {
      PayloadCodec codec = tdc.payloadCodec();
      TdcException error = assertThrows(TdcException.class, () -> codec.encode(values));
      assertEquals(code, error.codeName());
      assertTrue(error.isTransient());
      assertTrue(error.getMessage().contains(reason), error.getMessage());
      assertSame(failure, error.getCause());
    }
  }

  @Test
  void aChangedWrappedKeyIsAnErrorOfThePayload() {
    CountingKeyService service = new CountingKeyService();
    try (Tdc writer = CountingKeyService.open(service);
        Tdc reader = CountingKeyService.open(service)) {
      Payload sealed = writer.payloadCodec().encode(values).get(0);
      byte[] wrapped = sealed.getMetadataOrThrow("encryption-dek").toByteArray();
      wrapped[30] = (byte) (wrapped[30] == 'A' ? 'B' : 'A');
      Payload changed =
          sealed.toBuilder().putMetadata("encryption-dek", ByteString.copyFrom(wrapped)).build();
      PayloadCodec codec = reader.payloadCodec();
      TdcException error =
          assertThrows(TdcException.class, () -> codec.decode(List.of(sealed, changed)));
      assertEquals(1, error.payloadIndex().orElse(-1));
      assertTrue(error.getMessage().contains("it was changed"), error.getMessage());
    }
  }

  /** Whether the list is small, which crosses whole, or large, which mostly does not. */
  @Test
  @Timeout(60)
  void thoseOfARoundAreAskedTogether() {
    for (int size : new int[] {10, 20_000}) {
      List<Payload> before = new ArrayList<>();
      List<Payload> sealed = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        before.add(Configs.json(i + "x".repeat(size)));
        try (Tdc writer = CountingKeyService.open(new CountingKeyService())) {
          sealed.addAll(writer.payloadCodec().encode(before.subList(i, i + 1)));
        }
      }
      CyclicBarrier four = new CyclicBarrier(4);
      CountingKeyService together =
          new CountingKeyService() {
            @Override
            public byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception {
              four.await(30, TimeUnit.SECONDS);
              return super.unwrap(key, wrapped);
            }
          };
      try (Tdc reader = CountingKeyService.open(together)) {
        assertEquals(before, reader.payloadCodec().decode(sealed));
        assertEquals(20, together.unwraps.get());
      }
    }
  }

  /** A large payload, so that the library fills the caller's buffer. */
  @Test
  void aLongWrappedKeyFitsTheSecondBuffer() {
    KeyService wordy =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            super.wrap(key, dataKey);
            return new byte[5000];
          }
        };
    try (Tdc tdc = CountingKeyService.open(wordy)) {
      for (int i = 0; i < 2; i++) {
        Payload sealed = tdc.payloadCodec().encode(List.of(Configs.json("x".repeat(9)))).get(0);
        assertTrue(sealed.getMetadataOrThrow("encryption-dek").size() > 5000);
        assertEquals("\"xxxxxxxxx\"", opened(tdc, sealed).getData().toStringUtf8());
      }
    }
  }

  private static Payload opened(Tdc tdc, Payload sealed) {
    return tdc.payloadCodec().decode(List.of(sealed)).get(0);
  }

  /** The call that finds a data key old goes on with it, and is not kept by the service. */
  @Test
  @Timeout(60)
  void aRenewalKeepsNoCallWaiting() throws Exception {
    CountDownLatch renewing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CountingKeyService service =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            if (wraps.get() > 0) {
              renewing.countDown();
              goOn.await();
            }
            return super.wrap(key, dataKey);
          }
        };
    String often = "data_key: { messages: 8 }";
    try (Tdc tdc = CountingKeyService.open(service, often)) {
      PayloadCodec codec = tdc.payloadCodec();
      ByteString first = wrappedKey(codec);
      for (int i = 1; i < 8; i++) {
        assertEquals(first, wrappedKey(codec));
      }
      assertTrue(renewing.await(30, TimeUnit.SECONDS), "no renewal was asked for");
      assertEquals(1, service.wraps.get());
      goOn.countDown();
      // The old one is used up: this call has the renewal's, or the same wrapped itself.
      assertFalse(first.equals(wrappedKey(codec)));
    }
  }

  /** A failed renewal is not an error of any call while the old data key is in use. */
  @Test
  @Timeout(60)
  void aFailedRenewalFailsNoCall() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    CountingKeyService service =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            if (wraps.get() > 0) {
              failed.countDown();
              throw new IOException("away");
            }
            return super.wrap(key, dataKey);
          }
        };
    try (Tdc tdc = CountingKeyService.open(service, "data_key: { messages: 8 }")) {
      PayloadCodec codec = tdc.payloadCodec();
      ByteString first = wrappedKey(codec);
      for (int i = 1; i < 8; i++) {
        assertEquals(first, wrappedKey(codec));
      }
      assertTrue(failed.await(30, TimeUnit.SECONDS), "no renewal was asked for");
    }
  }

  private ByteString wrappedKey(PayloadCodec codec) {
    return codec.encode(values).get(0).getMetadataOrThrow("encryption-dek");
  }
}
