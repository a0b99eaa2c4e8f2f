package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpHandler;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.failure.v1.Failure;
import io.temporal.api.history.v1.History;
import io.temporal.common.converter.DataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.OkHttpRemoteDataEncoderCodec;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.rde.httpserver.RDEHttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.CookieManager;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The remote codec with servers that do it right: ours, the SDK's, and one of the test's. */
class RemoteTest {
  private static final List<Payload> TWO = List.of(Configs.json("one"), Configs.json("two"));

  private static Tdc open(FarServer server) {
    return Tdc.parse(Configs.remote(server.port()), Configs.HERE);
  }

  @Test
  void aListOfAnySizeIsOneRequest() {
    try (FarServer server = new FarServer();
        Tdc tdc = open(server)) {
      PayloadCodec codec = tdc.payloadCodec();
      for (List<Payload> values :
          List.of(
              List.of(Configs.json("alone")),
              Collections.nCopies(40, Configs.json("x".repeat(1000))),
              Collections.nCopies(3, Configs.json("y".repeat(100_000))))) {
        server.requests.clear();
        List<Payload> encoded = codec.encode(values);
        for (Payload each : encoded) {
          assertEquals(FarCodec.ENCODING, each.getMetadataOrThrow("encoding").toStringUtf8());
        }
        assertEquals(values, codec.decode(encoded));
        assertEquals(2, server.requests.size());
      }
      server.requests.clear();
      assertEquals(List.of(), codec.encode(List.of()));
      assertEquals(0, server.requests.size());
    }
  }

  @Test
  void aListOverTheRequestsSizeTakesManyRequests() {
    String small = "max_request_bytes: 1 KiB";
    try (FarServer server = new FarServer();
        Tdc tdc = Tdc.parse(Configs.remote(server.port(), small), Configs.HERE)) {
      List<Payload> values =
          IntStream.range(0, 60)
              .mapToObj(i -> Configs.json(i + "z".repeat(900)))
              .collect(Collectors.toList());
      List<Payload> encoded = tdc.payloadCodec().encode(values);
      assertTrue(server.requests.size() > 20, () -> "" + server.requests.size());
      assertEquals(values, tdc.payloadCodec().decode(encoded));
    }
  }

  @Test
  void connectionsAreUsedAgain() {
    Set<SocketAddress> connections = ConcurrentHashMap.newKeySet();
    HttpHandler noting =
        exchange -> {
          connections.add(exchange.getRemoteAddress());
          FarServer.answer(exchange);
        };
    try (FarServer server = new FarServer(noting);
        Tdc tdc = open(server)) {
      for (int i = 0; i < 10; i++) {
        assertEquals(TWO, tdc.payloadCodec().decode(tdc.payloadCodec().encode(TWO)));
      }
      assertEquals(20, server.requests.size());
      assertEquals(1, connections.size());
    }
  }

  @Test
  void valuesFailuresAndMessagesGoThroughTheServer() {
    try (FarServer server = new FarServer();
        Tdc tdc = open(server)) {
      DataConverter converter = tdc.dataConverter();
      Payloads values = converter.toPayloads("secret", 7).orElseThrow();
      assertFalse(values.toString().contains("secret"));
      Object[] back =
          converter.fromPayloads(
              Optional.of(values),
              new Class<?>[] {String.class, int.class},
              new Class<?>[] {String.class, int.class});
      assertEquals(List.of("secret", 7), List.of(back));
      assertEquals(2, server.requests.size());

      Failure failure =
          converter.exceptionToFailure(
              ApplicationFailure.newFailure("no", "Refused", "detail", "more"));
      List<Payload> details = failure.getApplicationFailureInfo().getDetails().getPayloadsList();
      assertEquals(2, details.size());
      for (Payload each : details) {
        assertEquals(FarCodec.ENCODING, each.getMetadataOrThrow("encoding").toStringUtf8());
      }
      ApplicationFailure error = (ApplicationFailure) converter.failureToException(failure);
      assertEquals("more", error.getDetails().get(1, String.class));

      server.requests.clear();
      History.Builder history = History.newBuilder();
      for (int i = 0; i < 30; i++) {
        history
            .addEventsBuilder()
            .getActivityTaskCompletedEventAttributesBuilder()
            .getResultBuilder()
            .addPayloads(Configs.json("result " + i));
      }
      assertEquals(history.build(), tdc.decodeMessage(tdc.encodeMessage(history.build())));
      assertEquals(2, server.requests.size());
    }
  }

  @Test
  void headersOfTheHostGoBeforeThoseOfTheConfig() {
    String headers = "headers: { Authorization: { insecure_inline: Bearer old }, X-Team: blue }";
    AtomicInteger asked = new AtomicInteger();
    try (FarServer server = new FarServer();
        Tdc inner = Configs.encrypting();
        Tdc tdc =
            Tdc.builder(Configs.remote(server.port(), headers), Configs.HERE)
                .namespace("orders")
                .remoteHeaders(
                    url -> {
                      assertEquals(server.port(), url.getPort());
                      // It may use this library itself.
                      List<Payload> own = Collections.nCopies(2, Configs.json("own"));
                      assertEquals(
                          own, inner.payloadCodec().decode(inner.payloadCodec().encode(own)));
                      return Map.of("authorization", "Bearer " + asked.incrementAndGet());
                    })
                .open()) {
      assertEquals(TWO, tdc.payloadCodec().decode(tdc.payloadCodec().encode(TWO)));
      assertEquals(List.of("Bearer 1"), server.requests.get(0).get("Authorization"));
      assertEquals(List.of("Bearer 2"), server.requests.get(1).get("Authorization"));
      assertEquals("blue", server.requests.get(0).getFirst("X-Team"));
      assertEquals("orders", server.requests.get(0).getFirst("X-Namespace"));
      assertEquals("application/json", server.requests.get(0).getFirst("Content-Type"));
      assertNull(server.requests.get(1).get("Cookie"));
      assertNull(server.requests.get(0).get("Upgrade"));
    }
  }

  @Test
  void headersThatFailAreTransient() {
    IOException away = new IOException("the identity provider is away");
    try (FarServer server = new FarServer();
        Tdc tdc =
            Tdc.builder(Configs.remote(server.port()), Configs.HERE)
                .remoteHeaders(
                    url -> {
                      throw away;
                    })
                .open();
        Tdc wrong =
            Tdc.builder(Configs.remote(server.port()), Configs.HERE)
                .remoteHeaders(url -> Map.of("Authorization", "Bearer se\ncret"))
                .open()) {
      TdcException error = assertThrows(TdcException.class, () -> tdc.payloadCodec().encode(TWO));
      assertEquals(Code.REMOTE.number(), error.code());
      assertTrue(error.isTransient());
      assertSame(away, error.getCause());

      error = assertThrows(TdcException.class, () -> wrong.payloadCodec().encode(TWO));
      assertTrue(error.isTransient());
      for (Throwable each = error; each != null; each = each.getCause()) {
        assertFalse(each.getMessage().contains("cret"), each.getMessage());
      }
      assertEquals(0, server.requests.size());
    }
  }

  @Test
  void aClientThatFollowsRedirectsOrKeepsCookiesIsRefused() {
    TdcBuilder builder = Tdc.builder(Configs.remote(1), Configs.HERE);
    HttpClient.Builder client = HttpClient.newBuilder();
    HttpClient redirecting = client.followRedirects(HttpClient.Redirect.NORMAL).build();
    client.followRedirects(HttpClient.Redirect.NEVER);
    HttpClient remembering = client.cookieHandler(new CookieManager()).build();
    for (HttpClient each : List.of(redirecting, remembering)) {
      assertThrows(IllegalArgumentException.class, () -> builder.httpClient(each));
    }
  }

  @Test
  void aReloadCanBringACodecServer(@TempDir Path directory) throws IOException {
    Path config = directory.resolve("tdc.yaml");
    Files.writeString(config, "version: 1\n");
    try (FarServer server = new FarServer();
        Tdc tdc = Tdc.open(config)) {
      List<Payload> values = Collections.nCopies(3, Configs.json("y".repeat(100_000)));
      assertEquals(values, tdc.payloadCodec().encode(values));
      Files.writeString(config, Configs.remote(server.port()));
      tdc.reload();
      assertEquals(values, tdc.payloadCodec().decode(tdc.payloadCodec().encode(values)));
      assertEquals(2, server.requests.size());
    }
  }

  @Test
  void ourServerAndAWorkerWithTheKeyUnderstandEachOther(@TempDir Path directory)
      throws IOException {
    try (TdcServe server = new TdcServe(directory, Configs.withKey("[zstd, encrypt]"));
        Tdc near = Tdc.parse(Configs.remote(server.port), Configs.HERE);
        Tdc ring = Tdc.parse(Configs.withKey("[zstd, encrypt]"), Configs.HERE)) {
      List<Payload> values =
          List.of(Configs.json("small"), Configs.json("x".repeat(100_000)), Configs.json(null));
      List<Payload> encoded = near.payloadCodec().encode(values);
      for (Payload each : encoded) {
        assertEquals("binary/encrypted", each.getMetadataOrThrow("encoding").toStringUtf8());
      }
      assertEquals(values, near.payloadCodec().decode(encoded));
      assertEquals(values, ring.payloadCodec().decode(encoded));
      List<Payload> theirs = ring.payloadCodec().encode(TWO);
      assertEquals(TWO, near.payloadCodec().decode(theirs));

      byte[] changed = theirs.get(1).getData().toByteArray();
      changed[changed.length - 1] ^= 1;
      Payload forged = theirs.get(1).toBuilder().setData(ByteString.copyFrom(changed)).build();
      TdcException error =
          assertThrows(
              TdcException.class, () -> near.payloadCodec().decode(List.of(theirs.get(0), forged)));
      assertEquals(Code.REMOTE_REFUSED.number(), error.code());
      assertEquals(1, error.payloadIndex().orElseThrow());
      assertFalse(error.isTransient());
    }
  }

  @Test
  void aServerOfAPrivateAuthorityIsBelievedByAClientThatKnowsIt(
      @TempDir Path directory, @TempDir Path elsewhere) throws Exception {
    PrivateAuthority authority = new PrivateAuthority(directory);
    authority.write(directory);
    SSLContext another = new PrivateAuthority(elsewhere).believed();
    String tls = "server: { tls: { cert: server.crt, key: server.key } }\n";
    try (TdcServe server = new TdcServe(directory, Configs.withKey("[encrypt]") + tls)) {
      String config = Configs.remote(server.port).replace("http:", "https:");
      try (Tdc near = asking(config, authority.believed());
          Tdc ring = Configs.encrypting()) {
        List<Payload> encoded = near.payloadCodec().encode(TWO);
        assertEquals(
            "binary/encrypted", encoded.get(0).getMetadataOrThrow("encoding").toStringUtf8());
        assertEquals(TWO, near.payloadCodec().decode(encoded));
        assertEquals(TWO, ring.payloadCodec().decode(encoded));
      }
      for (SSLContext stranger : new SSLContext[] {null, another}) {
        try (Tdc refused = asking(config, stranger)) {
          TdcException error =
              assertThrows(TdcException.class, () -> refused.payloadCodec().encode(TWO));
          assertEquals(Code.REMOTE.number(), error.code());
          assertTrue(error.isTransient());
          assertInstanceOf(SSLException.class, error.getCause());
        }
      }
    }
  }

  /** Asks with a client of the host's, or with tdc's own where there is no {@code tls}. */
  private static Tdc asking(String config, SSLContext tls) {
    return tls == null
        ? Tdc.parse(config, Configs.HERE)
        : Tdc.builder(config, Configs.HERE)
            .httpClient(HttpClient.newBuilder().sslContext(tls).build())
            .open();
  }

  @Test
  void theSdksOwnClientUnderstandsOurServer(@TempDir Path directory) throws IOException {
    try (TdcServe server = new TdcServe(directory, Configs.withKey("[encrypt]"));
        Tdc ring = Configs.encrypting()) {
      PayloadCodec client =
          new OkHttpRemoteDataEncoderCodec(new OkHttpClient(), "http://127.0.0.1:" + server.port);
      List<Payload> encoded = client.encode(TWO);
      assertEquals(TWO, client.decode(encoded));
      assertEquals(TWO, ring.payloadCodec().decode(encoded));
      assertEquals(TWO, client.decode(ring.payloadCodec().encode(TWO)));
    }
  }

  @Test
  void theSdksOwnServerUnderstandsUs() throws IOException {
    for (int tries = 1; ; tries++) {
      int port;
      try (ServerSocket free = new ServerSocket(0)) {
        // Without a port of its user this server does not start.
        port = free.getLocalPort();
      }
      try (RDEHttpServer server = new RDEHttpServer(List.of(new FarCodec()), port)) {
        server.start();
        isUnderstoodAt(port);
        return;
      } catch (BindException e) {
        // Another process has taken the port meanwhile.
        if (tries == 10) {
          throw e;
        }
      }
    }
  }

  private static void isUnderstoodAt(int port) {
    try (Tdc tdc = Tdc.parse(Configs.remote(port), Configs.HERE)) {
      List<Payload> values = List.of(Configs.json("ä\u0000€"), Configs.json(null), TWO.get(1));
      List<Payload> encoded = tdc.payloadCodec().encode(values);
      assertEquals(FarCodec.ENCODING, encoded.get(0).getMetadataOrThrow("encoding").toStringUtf8());
      assertEquals(values, tdc.payloadCodec().decode(encoded));
    }
  }
}
