package io.tdc;

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
import java.util.ArrayList;
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
 * Sends the requests to codec servers that the library asks for; the library builds them, and
 * checks the responses. It never retries: Temporal retries the whole task.
 */
final class Remote {
  /** How many requests are in flight at once; others wait within their timeout. */
  private static final int MAX_REQUESTS = 32;

  /** How many of them may belong to one call, so that a long history uses only its share. */
  private static final int MAX_TOGETHER = 4;

  private final Semaphore requests = new Semaphore(MAX_REQUESTS);
  @Nullable private final HttpClient given;
  @Nullable private final RemoteHeaders hook;
  @Nullable private HttpClient own;

  Remote(@Nullable HttpClient given, @Nullable RemoteHeaders hook) {
    this.given = given;
    this.hook = hook;
  }

  /**
   * Sends several requests, a few at the same time, and returns the answers in order. A server may
   * be slow, and in workflow code the SDK must not mistake that for a deadlock.
   *
   * @param index in the user's list of the payload that this is for, for errors
   * @throws TdcException if the hook for headers fails
   */
  List<RemoteAnswer> answers(List<RemoteRequest> round, int index) {
    return round.isEmpty()
        ? List.of()
        : WorkflowUnsafe.deadlockDetectorOff(() -> askAndWait(round, index));
  }

  /** Lets go of the connections. */
  synchronized void close() {
    // No other code has the client; it ends its threads and connections when it is
    // garbage-collected.
    own = null;
  }

  private List<RemoteAnswer> askAndWait(List<RemoteRequest> round, int index) {
    List<Exchange> exchanges = new ArrayList<>(round.size());
    List<RemoteAnswer> answers = new ArrayList<>(round.size());
    try {
      for (RemoteRequest request : round) {
        if (exchanges.size() - answers.size() == MAX_TOGETHER) {
          answers.add(exchanges.get(answers.size()).await());
        }
        Exchange exchange = new Exchange(request);
        exchanges.add(exchange);
        exchange.begin(index);
      }
      while (answers.size() < exchanges.size()) {
        answers.add(exchanges.get(answers.size()).await());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      for (RemoteRequest request : round.subList(answers.size(), round.size())) {
        answers.add(RemoteAnswer.none(request, "the thread that waited for it was interrupted", e));
      }
    } finally {
      exchanges.forEach(Exchange::cancel);
    }
    return answers;
  }

  /** A request in flight, bounded by its timeout. */
  private final class Exchange {
    private final RemoteRequest request;
    private final BoundedBody body;
    private final long end;
    @Nullable private CompletableFuture<HttpResponse<byte[]>> response;

    /** Why it was not sent. */
    @Nullable private RemoteAnswer failure;

    Exchange(RemoteRequest request) {
      this.request = request;
      // One byte more than the limit, so that the library sees that the response is too long.
      this.body = new BoundedBody(request.maxResponse + 1);
      this.end = System.nanoTime() + request.timeout.toNanos();
    }

    /** Waits for its turn, and sends the request. */
    void begin(int index) throws InterruptedException {
      HttpRequest message;
      try {
        message = message(index);
      } catch (IllegalArgumentException e) {
        String reason = "Java's HTTP client does not take this URL or these headers";
        failure = RemoteAnswer.none(request, reason, null);
        return;
      }
      if (!requests.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        failure = late(request);
        return;
      }
      CompletableFuture<HttpResponse<byte[]>> sent;
      try {
        sent = client().sendAsync(message, head -> body);
      } catch (RuntimeException | Error e) {
        requests.release();
        throw e;
      }
      // Before the response is read: the next request must not wait for that.
      sent.whenComplete((answer, fault) -> requests.release());
      response = sent;
    }

    private HttpRequest message(int index) {
      HttpRequest.Builder message = HttpRequest.newBuilder(URI.create(request.url));
      request.headers.forEach(message::setHeader);
      if (hook != null) {
        addHeaders(message, hook, request.url, index);
      }
      if (request.url.startsWith("http:")) {
        // Otherwise it would offer an upgrade to HTTP/2, which not every server understands.
        message.version(HttpClient.Version.HTTP_1_1);
      }
      return message
          .timeout(request.timeout)
          .POST(BodyPublishers.ofByteArray(request.body))
          .build();
    }

    RemoteAnswer await() throws InterruptedException {
      if (failure != null || response == null) {
        return failure;
      }
      try {
        HttpResponse<byte[]> answer = response.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        return new RemoteAnswer(request.id, answer.statusCode(), answer.body(), null);
      } catch (TimeoutException e) {
        return late(request);
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        return cause instanceof HttpTimeoutException ? late(request) : fault(request, cause);
      } finally {
        cancel();
      }
    }

    /** Does nothing to one that has ended. */
    void cancel() {
      if (response != null) {
        response.cancel(true);
      }
      body.cancel();
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

  private static RemoteAnswer late(RemoteRequest request) {
    return RemoteAnswer.none(request, "no answer in " + request.timeout.toMillis() + " ms", null);
  }

  /**
   * Why there was no response. Other exceptions of the client can repeat data from the server, so
   * neither they nor their text are passed on.
   */
  private static RemoteAnswer fault(RemoteRequest request, Throwable cause) {
    if (cause instanceof ConnectException) {
      boolean isUnknown = cause.getCause() instanceof UnresolvedAddressException;
      String reason = isUnknown ? "its host is not known" : "cannot connect";
      return RemoteAnswer.none(request, reason, cause);
    }
    if (cause instanceof SSLException) {
      return RemoteAnswer.none(request, "TLS: " + cause.getMessage(), cause);
    }
    return RemoteAnswer.none(
        request,
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

  /** The JVM's proxy; but plain HTTP is for this machine and must not use a proxy. */
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
