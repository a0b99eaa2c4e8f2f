package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several requests of one round. */
@Timeout(60)
class RemoteRoundTest {
  private static final int TOGETHER = 4;

  /** {@code tdc.host.v1.Request.http}. */
  private static final int HTTP = 5;

  private static Outside outside(HttpClient client, @Nullable RemoteHeaders hook) {
    return new Outside(null, new KeyServices(null), new Remote(client, hook));
  }

  /** Eight requests, whose bodies are their ids. */
  private static Requests eight(FarServer server, Outside outside, Causes causes) {
    Field.Builder requests = Field.newBuilder();
    for (int id = 1; id <= 8; id++) {
      UnknownFieldSet http =
          UnknownFieldSet.newBuilder()
              .addField(2, bytes("http://127.0.0.1:" + server.port() + "/encode"))
              .addField(4, bytes("" + id))
              .addField(5, number(20_000))
              .addField(6, number(1000))
              .build();
      UnknownFieldSet request =
          UnknownFieldSet.newBuilder()
              .addField(1, number(id))
              .addField(HTTP, bytes(http.toByteString()))
              .build();
      requests.addLengthDelimited(request.toByteString());
    }
    byte[] message =
        UnknownFieldSet.newBuilder().addField(1, requests.build()).build().toByteArray();
    return new Requests(message, null, outside, null, List.of(), causes);
  }

  private static Field bytes(String text) {
    return bytes(ByteString.copyFromUtf8(text));
  }

  private static Field bytes(ByteString bytes) {
    return Field.newBuilder().addLengthDelimited(bytes).build();
  }

  private static Field number(long number) {
    return Field.newBuilder().addVarint(number).build();
  }

  private static void echo(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    FarServer.send(exchange, 200, new String(body, StandardCharsets.UTF_8));
  }

  @Test
  void fourAreUnderWayTogetherAndNoMore() throws Exception {
    CyclicBarrier four = new CyclicBarrier(TOGETHER);
    AtomicInteger under = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    HttpHandler waiting =
        exchange -> {
          most.accumulateAndGet(under.incrementAndGet(), Math::max);
          await(four);
          under.decrementAndGet();
          echo(exchange);
        };
    try (FarServer server = new FarServer(waiting)) {
      Outside outside = outside(HttpClient.newHttpClient(), null);
      byte[] answers = eight(server, outside, new Causes()).answers(List.of(), 0);
      List<Long> ids = new ArrayList<>();
      for (ByteString each :
          UnknownFieldSet.parseFrom(answers).getField(1).getLengthDelimitedList()) {
        UnknownFieldSet answer = UnknownFieldSet.parseFrom(each);
        long id = answer.getField(1).getVarintList().get(0);
        ids.add(id);
        UnknownFieldSet response =
            UnknownFieldSet.parseFrom(answer.getField(HTTP).getLengthDelimitedList().get(0));
        assertEquals(List.of(200L), response.getField(1).getVarintList());
        assertEquals(
            List.of(ByteString.copyFromUtf8("" + id)),
            response.getField(2).getLengthDelimitedList());
      }
      assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L), ids);
    }
    assertEquals(TOGETHER, most.get());
  }

  private static void await(CyclicBarrier barrier) throws IOException {
    try {
      barrier.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IOException(e);
    }
  }

  /** What comes after it says less: here that there was an answer. */
  @Test
  void theFirstCauseIsKept() {
    try (FarServer server = new FarServer(RemoteRoundTest::echo)) {
      FailingClient client = new FailingClient(2, 5);
      Causes causes = new Causes();
      eight(server, outside(client, null), causes).answers(List.of(), 0);
      assertEquals("request 2", causes.of(Abi.ERR_REMOTE).getMessage());
      assertEquals(8, client.sent.get());
    }
  }

  @Test
  void aHookThatFailsEndsThoseUnderWay() throws Exception {
    IOException failure = new IOException("no token");
    AtomicInteger asked = new AtomicInteger();
    RemoteHeaders hook =
        url -> {
          if (asked.incrementAndGet() == TOGETHER) {
            throw failure;
          }
          return Map.of();
        };
    FailingClient client = new FailingClient();
    try (FarServer server = new FarServer(exchange -> pause(20_000))) {
      Requests requests = eight(server, outside(client, hook), new Causes());
      TdcException error = assertThrows(TdcException.class, () -> requests.answers(List.of(), 0));
      assertSame(failure, error.getCause());
      assertEquals(TOGETHER - 1, client.sent.get());
      assertTrue(client.ended.tryAcquire(TOGETHER - 1, 10, TimeUnit.SECONDS));
    }
  }

  private static void pause(long milliseconds) throws IOException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** The JDK's client, but for some requests, which do not reach the server. */
  private static final class FailingClient extends HttpClient {
    final AtomicInteger sent = new AtomicInteger();

    /** Without an answer. */
    final Semaphore ended = new Semaphore(0);

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Integer> failing;

    FailingClient(Integer... failing) {
      this.failing = List.of(failing);
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
        HttpRequest request, HttpResponse.BodyHandler<T> handler) {
      int number = sent.incrementAndGet();
      if (failing.contains(number)) {
        return CompletableFuture.failedFuture(new ConnectException("request " + number));
      }
      CompletableFuture<HttpResponse<T>> response = client.sendAsync(request, handler);
      response.whenComplete(
          (answer, fault) -> {
            if (fault != null) {
              ended.release();
            }
          });
      return response;
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
        HttpRequest request,
        HttpResponse.BodyHandler<T> handler,
        HttpResponse.PushPromiseHandler<T> pushes) {
      return sendAsync(request, handler);
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
        throws IOException {
      try {
        return sendAsync(request, handler).get();
      } catch (InterruptedException | ExecutionException e) {
        throw new IOException(e);
      }
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
      return client.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
      return client.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
      return client.followRedirects();
    }

    @Override
    public Optional<ProxySelector> proxy() {
      return client.proxy();
    }

    @Override
    public SSLContext sslContext() {
      return client.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
      return client.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
      return client.authenticator();
    }

    @Override
    public Version version() {
      return client.version();
    }

    @Override
    public Optional<Executor> executor() {
      return client.executor();
    }
  }
}
