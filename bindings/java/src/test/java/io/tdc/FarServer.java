package io.tdc;

import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A codec server on this machine, with {@link FarCodec} or with a handler that does it wrong. */
final class FarServer implements AutoCloseable {
  /** The headers of each request, in the order in which they came. */
  final List<Headers> requests = new CopyOnWriteArrayList<>();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  FarServer() {
    this(FarServer::answer);
  }

  FarServer(HttpHandler handler) {
    this(listen(), handler);
  }

  FarServer(HttpServer server, HttpHandler handler) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestHeaders());
          try (exchange) {
            handler.handle(exchange);
          }
        });
    server.start();
  }

  static InetSocketAddress anywhere() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** As a codec server should. */
  static void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Payloads.Builder asked = Payloads.newBuilder();
    JsonFormat.parser().merge(body, asked);
    List<Payload> payloads = asked.getPayloadsList();
    boolean encode = exchange.getRequestURI().getPath().endsWith("/encode");
    FarCodec codec = new FarCodec();
    List<Payload> answers = encode ? codec.encode(payloads) : codec.decode(payloads);
    String answer =
        JsonFormat.printer().print(Payloads.newBuilder().addAllPayloads(answers).build());
    send(exchange, 200, answer);
  }

  static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getRequestBody().readAllBytes();
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private static HttpServer listen() {
    try {
      return HttpServer.create(anywhere(), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
