package io.tdc;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import javax.annotation.Nullable;

/** The body of a response, read up to a maximum length. */
final class BoundedBody implements BodySubscriber<byte[]> {
  private final long limit;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  @Nullable private Flow.Subscription subscription;
  private boolean isCancelled;

  BoundedBody(long limit) {
    this.limit = limit;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription newSubscription) {
    if (isCancelled || subscription != null) {
      newSubscription.cancel();
      return;
    }
    subscription = newSubscription;
    newSubscription.request(1);
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> buffers) {
    if (isCancelled) {
      return;
    }
    for (ByteBuffer buffer : buffers) {
      byte[] part = new byte[(int) Math.min(buffer.remaining(), limit - bytes.size())];
      buffer.get(part);
      bytes.write(part, 0, part.length);
    }
    if (bytes.size() < limit) {
      subscription.request(1);
      return;
    }
    cancel();
    onComplete();
  }

  @Override
  public void onError(Throwable cause) {
    body.completeExceptionally(cause);
  }

  @Override
  public synchronized void onComplete() {
    body.complete(bytes.toByteArray());
  }

  /** Reads nothing more; the connection is given up unless the body was at its end. */
  synchronized void cancel() {
    isCancelled = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }
}
