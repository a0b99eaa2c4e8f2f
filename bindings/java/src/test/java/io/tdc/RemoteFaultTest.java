package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What codec servers do wrong, and what happens to calls meanwhile. */
@Timeout(60)
class RemoteFaultTest {
  private static final List<Payload> VALUES = List.of(Configs.json("Testing"));
  private static final String LATE = "no answer in 500 ms";

  private static HttpHandler text(int status, String body) {
    return exchange -> FarServer.send(exchange, status, body);
  }

  private static void redirect(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Location", "/elsewhere/decode");
    FarServer.send(exchange, 307, "");
  }

  private static void never(HttpExchange exchange) throws IOException {
    pause(5000);
  }

  /** The head comes in time, and the body never ends. */
  private static void trickle(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    for (int i = 0; i < 50; i++) {
      exchange.getResponseBody().write(' ');
      exchange.getResponseBody().flush();
      pause(100);
    }
  }

  private static void pause(long milliseconds) throws IOException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(text(401, "no: secret"), Code.REMOTE, "credentials (status 401)"),
        Arguments.of(text(500, "secret"), Code.REMOTE, "failed (status 500)"),
        Arguments.of(text(503, ""), Code.REMOTE, "too busy"),
        Arguments.of((HttpHandler) RemoteFaultTest::redirect, Code.REMOTE, "redirects are not"),
        Arguments.of(text(200, "<html>secret"), Code.REMOTE, "did not answer with a list"),
        Arguments.of(
            text(200, "{\"payloads\":[]}"), Code.REMOTE, "answered 0 payloads, expected 1"),
        Arguments.of(text(400, "payloads[0] is secret"), Code.REMOTE_REFUSED, "does not decode"),
        Arguments.of(text(413, "secret"), Code.REMOTE_REFUSED, "does not decode"),
        Arguments.of((HttpHandler) RemoteFaultTest::never, Code.REMOTE, LATE),
        Arguments.of((HttpHandler) RemoteFaultTest::trickle, Code.REMOTE, LATE));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void whatServersDoWrong(HttpHandler handler, Code code, String says) {
    String timeout = says.equals(LATE) ? "timeout: 500 ms" : "timeout: 1 min";
    AtomicInteger asked = new AtomicInteger();
    RemoteHeaders counting =
        url -> {
          asked.incrementAndGet();
          return Map.of();
        };
    try (FarServer server = new FarServer(handler);
        Tdc tdc =
            Tdc.builder(Configs.remote(server.port(), timeout), Configs.HERE)
                .remoteHeaders(counting)
                .open()) {
      TdcException error =
          assertThrows(TdcException.class, () -> tdc.payloadCodec().decode(VALUES));
      assertEquals(code.number(), error.code(), error.getMessage());
      assertEquals(code == Code.REMOTE, error.isTransient());
      assertTrue(error.getMessage().contains(says), error.getMessage());
      assertFalse(error.getMessage().contains("secret"), error.getMessage());
      assertEquals(1, asked.get());
      // Of a request that was given up the server may know nothing yet.
      assertTrue(server.requests.size() <= 1, () -> server.requests.size() + " requests");
    }
  }

  @Test
  void anAnswerWithoutAnEndIsReadToTheLimitOnly() {
    CompletableFuture<Void> written = new CompletableFuture<>();
    HttpHandler flood =
        exchange -> {
          byte[] mebibyte = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
          try {
            exchange.sendResponseHeaders(200, 0);
            for (int i = 0; i < 200; i++) {
              exchange.getResponseBody().write(mebibyte);
            }
            written.complete(null);
          } catch (IOException e) {
            written.completeExceptionally(e);
          }
        };
    try (FarServer server = new FarServer(flood);
        Tdc tdc =
            Tdc.parse(
                Configs.remote(server.port()) + "limits: { max_decoded_bytes: 1 MiB }\n",
                Configs.HERE)) {
      TdcException error =
          assertThrows(TdcException.class, () -> tdc.payloadCodec().decode(VALUES));
      assertEquals(Code.LIMIT.number(), error.code(), error.getMessage());
      assertTrue(error.getMessage().contains("limits.max_decoded_bytes"), error.getMessage());
      ExecutionException end = assertThrows(ExecutionException.class, written::get);
      assertInstanceOf(IOException.class, end.getCause());
    }
  }

  @Test
  void aServerThatIsAwayIsTransient() throws IOException {
    // A port that is taken but has no listener.
    try (Socket taken = new Socket()) {
      taken.bind(FarServer.anywhere());
      try (Tdc tdc = Tdc.parse(Configs.remote(taken.getLocalPort()), Configs.HERE)) {
        TdcException error =
            assertThrows(TdcException.class, () -> tdc.payloadCodec().encode(VALUES));
        assertEquals(Code.REMOTE.number(), error.code());
        assertTrue(error.isTransient());
        assertTrue(error.getMessage().contains("cannot connect"), error.getMessage());
        assertInstanceOf(ConnectException.class, error.getCause());
      }
    }
  }

  /** What they say goes nowhere, and they are asked once. */
  @ParameterizedTest
  @MethodSource("noises")
  void serversThatSpeakNoHttp(String noise, String says) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread server =
        new Thread(
            () -> {
              try {
                while (true) {
                  try (Socket connection = socket.accept()) {
                    asked.incrementAndGet();
                    readRequest(connection.getInputStream());
                    connection.getOutputStream().write(noise.getBytes(StandardCharsets.UTF_8));
                  }
                }
              } catch (IOException e) {
                // The test is over.
              }
            });
    server.start();
    try (Tdc tdc = Tdc.parse(Configs.remote(socket.getLocalPort()), Configs.HERE)) {
      TdcException error =
          assertThrows(TdcException.class, () -> tdc.payloadCodec().encode(VALUES));
      assertEquals(Code.REMOTE.number(), error.code());
      assertTrue(error.getMessage().contains(says), error.getMessage());
      for (Throwable each = error; each != null; each = each.getCause()) {
        assertFalse(each.getMessage().contains("secret"), each.getMessage());
      }
    } finally {
      socket.close();
      server.join();
    }
    assertEquals(1, asked.get());
  }

  static Stream<Arguments> noises() {
    return Stream.of(
        Arguments.of("", "it closed the connection"),
        Arguments.of("secret secret\r\n\r\n", "gave no answer"),
        Arguments.of("HTTP/1.1 200 OK\r\nsecret secret\r\n\r\n", "did not answer with a list"),
        Arguments.of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nse", "gave no answer"));
  }

  /** The request is one small segment after its head. */
  private static void readRequest(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        return;
      }
      head.append((char) next);
    }
    String length = head.toString().replaceAll("(?is).*content-length: *([0-9]+).*", "$1");
    in.readNBytes(Integer.parseInt(length));
  }

  @Test
  void aRequestInFlightEndsAfterClose() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    HttpHandler slow =
        exchange -> {
          asked.countDown();
          await(answer);
          FarServer.answer(exchange);
        };
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (FarServer server = new FarServer(slow)) {
      Tdc tdc = Tdc.parse(Configs.remote(server.port()), Configs.HERE);
      Future<List<Payload>> call = executor.submit(() -> tdc.payloadCodec().encode(VALUES));
      asked.await();
      tdc.close();
      answer.countDown();
      assertEquals(1, call.get().size());
      assertThrows(IllegalStateException.class, () -> tdc.payloadCodec().encode(VALUES));
    } finally {
      executor.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void anInterruptEndsTheCallAndStaysSet() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    HttpHandler first =
        exchange -> {
          if (asked.getCount() == 1) {
            asked.countDown();
            await(ended);
          }
          FarServer.answer(exchange);
        };
    try (FarServer server = new FarServer(first);
        Tdc tdc = Tdc.parse(Configs.remote(server.port()), Configs.HERE)) {
      PayloadCodec codec = tdc.payloadCodec();
      ExecutorService executor = Executors.newSingleThreadExecutor();
      Future<Boolean> call =
          executor.submit(
              () -> {
                TdcException error = assertThrows(TdcException.class, () -> codec.encode(VALUES));
                assertTrue(error.isTransient());
                assertTrue(error.getMessage().contains("interrupted"), error.getMessage());
                return Thread.interrupted();
              });
      asked.await();
      executor.shutdownNow();
      assertTrue(call.get());
      ended.countDown();
      assertEquals(VALUES, codec.decode(codec.encode(VALUES)));
    }
  }

  @Test
  void manyThreadsShareAServer() throws Exception {
    AtomicInteger under = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    HttpHandler counting =
        exchange -> {
          most.accumulateAndGet(under.incrementAndGet(), Math::max);
          pause(5);
          FarServer.answer(exchange);
          under.decrementAndGet();
        };
    ExecutorService executor = Executors.newFixedThreadPool(60);
    try (FarServer server = new FarServer(counting);
        Tdc tdc = Tdc.parse(Configs.remote(server.port()), Configs.HERE)) {
      PayloadCodec codec = tdc.payloadCodec();
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        List<Payload> values = List.of(Configs.json(i), Configs.json("same"));
        calls.add(
            executor.submit(
                () -> {
                  for (int round = 0; round < 5; round++) {
                    assertEquals(values, codec.decode(codec.encode(values)));
                  }
                }));
      }
      for (Future<?> each : calls) {
        each.get();
      }
      assertTrue(most.get() <= 34, () -> most + " requests at once");
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void certificatesAreChecked(@TempDir Path directory) throws Exception {
    KeyStore keys = selfSigned(directory);
    SSLContext tls = SSLContext.getInstance("TLS");
    KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
    own.init(keys, "password".toCharArray());
    TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
    trusted.init(keys);
    tls.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    HttpsServer https = HttpsServer.create(FarServer.anywhere(), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(tls));
    try (FarServer server = new FarServer(https, FarServer::answer)) {
      String config =
          Configs.remote(server.port()).replace("http://127.0.0.1", "https://localhost");
      try (Tdc tdc = Tdc.parse(config, Configs.HERE);
          Tdc knowing =
              Tdc.builder(config, Configs.HERE)
                  .httpClient(HttpClient.newBuilder().sslContext(tls).build())
                  .open()) {
        TdcException error =
            assertThrows(TdcException.class, () -> tdc.payloadCodec().encode(VALUES));
        assertTrue(error.isTransient());
        assertTrue(error.getMessage().contains("TLS"), error.getMessage());
        assertInstanceOf(SSLException.class, error.getCause());
        PayloadCodec codec = knowing.payloadCodec();
        assertEquals(VALUES, codec.decode(codec.encode(VALUES)));
      }
    }
  }

  /** The JDK's own tool is the one way to a certificate that needs nothing else. */
  private static KeyStore selfSigned(Path directory) throws Exception {
    Path file = directory.resolve("server.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                file.toString(),
                "-storepass",
                "password",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost")
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().transferTo(OutputStream.nullOutputStream());
    assertEquals(0, keytool.waitFor());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "password".toCharArray());
    }
    // The same store is asked whom to trust.
    keys.setCertificateEntry("trusted", keys.getCertificate("mykey"));
    return keys;
  }
}
