package io.tdc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nullable;
import javax.net.ssl.SSLException;

/**
 * Sends the requests to codec servers that the library asks for; the library makes them, and judges
 * the answers. It never tries again: Temporal tries the whole task again.
 */
final class Remote {
  /** How many requests are under way at once; others wait within their timeout. */
  private static final int MAX_REQUESTS = 32;

  private final Semaphore requests = new Semaphore(MAX_REQUESTS);
  @Nullable private final HttpClient given;
  @Nullable private final RemoteHeaders hook;
  @Nullable private HttpClient own;

  Remote(@Nullable HttpClient given, @Nullable RemoteHeaders hook) {
    this.given = given;
    this.hook = hook;
  }

  /**
   * Sends a request. A server may take long, and in workflow code the SDK must not take that for a
   * deadlock.
   *
   * @throws TdcException if the hook for headers fails
   */
  Answer ask(Request request, int index) {
    return WorkflowUnsafe.deadlockDetectorOff(() -> askAndWait(request, index));
  }

  /** Lets go of the connections. */
  synchronized void close() {
    // Nobody else has the client, and it ends its threads and connections when it is garbage.
    own = null;
  }

  private Answer askAndWait(Request request, int index) {
    HttpRequest.Builder message;
    try {
      message = HttpRequest.newBuilder(URI.create(request.url));
      request.headers.forEach(message::setHeader);
    } catch (IllegalArgumentException e) {
      return Answer.none("Java's HTTP client does not take this URL or these headers", null);
    }
    if (hook != null) {
      addHeaders(message, hook, request.url, index);
    }
    if (request.url.startsWith("http:")) {
      // Or else it would offer to go on in HTTP/2, which not every server understands.
      message.version(HttpClient.Version.HTTP_1_1);
    }
    message.timeout(request.timeout).POST(BodyPublishers.ofByteArray(request.body));
    try {
      return send(message.build(), request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.none("the thread that waited for it was interrupted", e);
    }
  }

  private static void addHeaders(
      HttpRequest.Builder message, RemoteHeaders hook, String url, int index) {
    Throwable cause;
    try {
      for (Map.Entry<String, String> header : hook.headers(URI.create(url)).entrySet()) {
        setHeader(message, header.getKey(), header.getValue());
      }
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cause = e;
    } catch (Exception e) {
      cause = e;
    }
    String text = "there are no headers for the codec server " + url + " now";
    throw new TdcException(Abi.ERR_REMOTE, index, text, cause);
  }

  private static void setHeader(HttpRequest.Builder message, String name, String value) {
    try {
      message.setHeader(name, value);
    } catch (IllegalArgumentException e) {
      // Without the cause, whose text may repeat the value: it can be a credential.
      throw new IllegalArgumentException("the HTTP client does not take a header of remoteHeaders");
    }
  }

  /** Waits for its turn, and for the answer, as long as the request allows. */
  private Answer send(HttpRequest message, Request request) throws InterruptedException {
    long end = System.nanoTime() + request.timeout.toNanos();
    if (!requests.tryAcquire(request.timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      return late(request);
    }
    try {
      return exchange(message, request, end);
    } catch (TimeoutException e) {
      return late(request);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return cause instanceof HttpTimeoutException ? late(request) : fault(cause);
    } finally {
      requests.release();
    }
  }

  private Answer exchange(HttpRequest message, Request request, long end)
      throws InterruptedException, ExecutionException, TimeoutException {
    // One byte more than is an answer, so that the library sees that it is too long.
    BoundedBody body = new BoundedBody(request.maxResponse + 1);
    CompletableFuture<HttpResponse<byte[]>> exchange = client().sendAsync(message, head -> body);
    try {
      HttpResponse<byte[]> response = exchange.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      return new Answer(response.statusCode(), response.body(), null);
    } finally {
      exchange.cancel(true);
      body.cancel();
    }
  }

  private static Answer late(Request request) {
    return Answer.none("no answer in " + request.timeout.toMillis() + " ms", null);
  }

  /**
   * Why there was no answer. What the client says otherwise can repeat what the server sent, so
   * neither its text nor itself goes further.
   */
  private static Answer fault(Throwable cause) {
    if (cause instanceof ConnectException) {
      boolean isUnknown = cause.getCause() instanceof UnresolvedAddressException;
      return Answer.none(isUnknown ? "its host is not known" : "cannot connect", cause);
    }
    if (cause instanceof SSLException) {
      return Answer.none("TLS: " + cause.getMessage(), cause);
    }
    return Answer.none(
        cause.getCause() instanceof EOFException
            ? "it closed the connection"
            : cause.getClass().getSimpleName(),
        null);
  }

  private synchronized HttpClient client() {
    if (given != null) {
      return given;
    }
    if (own == null) {
      own =
          HttpClient.newBuilder()
              .followRedirects(HttpClient.Redirect.NEVER)
              .proxy(new ProxyForTls())
              .build();
    }
    return own;
  }

  /**
   * A request that the library makes. Its headers can hold credentials, and its body holds
   * payloads.
   */
  static final class Request {
    final String url;
    final Map<String, String> headers = new LinkedHashMap<>();
    final byte[] body;

    /** For everything, from the first try to connect to the end of the answer. */
    final Duration timeout;

    /** How long an answer may be. */
    final long maxResponse;

    /** Reads a {@code tdc.host.v1.HttpRequest}. */
    Request(CodedInputStream message) throws IOException {
      String to = "";
      byte[] contents = {};
      long milliseconds = 0;
      long longest = 0;
      for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case 2:
            to = message.readString();
            break;
          case 3:
            addHeader(message.readBytes().newCodedInput());
            break;
          case 4:
            contents = message.readByteArray();
            break;
          case 5:
            milliseconds = message.readUInt64();
            break;
          case 6:
            longest = message.readUInt64();
            break;
          default:
            message.skipField(tag);
        }
      }
      url = to;
      body = contents;
      timeout = Duration.ofMillis(Math.max(1, milliseconds));
      maxResponse = longest;
    }

    private void addHeader(CodedInputStream header) throws IOException {
      String name = "";
      String value = "";
      for (int tag = header.readTag(); tag != 0; tag = header.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case 1:
            name = header.readString();
            break;
          case 2:
            value = header.readString();
            break;
          default:
            header.skipField(tag);
        }
      }
      headers.put(name, value);
    }
  }

  /** What came of a request: an answer, whatever it is, or the status 0 and the reason in words. */
  static final class Answer {
    final int status;
    final byte[] body;
    @Nullable final Throwable cause;

    private Answer(int status, byte[] body, @Nullable Throwable cause) {
      this.status = status;
      this.body = body;
      this.cause = cause;
    }

    static Answer none(String reason, @Nullable Throwable cause) {
      return new Answer(0, reason.getBytes(StandardCharsets.UTF_8), cause);
    }
  }

  /** The JVM's proxy; but plain HTTP is for this machine, and no proxy must see it. */
  private static final class ProxyForTls extends ProxySelector {
    @Override
    public List<Proxy> select(URI url) {
      ProxySelector jvms = ProxySelector.getDefault();
      return jvms == null || "http".equals(url.getScheme())
          ? List.of(Proxy.NO_PROXY)
          : jvms.select(url);
    }

    @Override
    public void connectFailed(URI url, SocketAddress proxy, IOException cause) {
      ProxySelector jvms = ProxySelector.getDefault();
      if (jvms != null) {
        jvms.connectFailed(url, proxy, cause);
      }
    }
  }
}
