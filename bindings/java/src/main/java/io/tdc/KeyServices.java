package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import javax.annotation.Nullable;

/**
 * Has data keys wrapped and unwrapped, several at the same time: by the program's own key service,
 * or by {@link KeyClients}.
 */
final class KeyServices {
  /** The most keys that the library requests at once. */
  private static final int MAX_REQUESTS = 16;

  @Nullable private final KeyService service;
  private final KeyClients clients = new KeyClients();
  private final Threads threads = new Threads("tdc-key-service", MAX_REQUESTS);

  KeyServices(@Nullable KeyService service) {
    this.service = service;
  }

  /** Whether the program has a key service, so that Java answers. */
  boolean isOwn() {
    return service != null;
  }

  /** Answers the requests that Java leaves where they are; as {@link KeyClients#answers}. */
  List<byte[]> answersByClients(Host.Call call, List<Long> requests, Causes causes) {
    return requests.isEmpty() ? List.of() : clients.answers(call, requests, causes);
  }

  /**
   * Answers the requests, as serialised {@code Answer}s. A service may take long, and in workflow
   * code the SDK must not take that for a deadlock.
   *
   * @param index in the user's list of the payload that this is for, for errors
   * @param causes get what the service threw
   * @throws TdcException if the thread is interrupted
   */
  List<byte[]> answers(List<KeyServiceRequest> requests, int index, Causes causes) {
    KeyService asked = service;
    if (requests.isEmpty() || asked == null) {
      return List.of();
    }
    return WorkflowUnsafe.deadlockDetectorOff(
        () -> {
          List<byte[]> answers = askAndWait(asked, requests, index);
          requests.forEach(request -> request.addCause(causes));
          return answers;
        });
  }

  private List<byte[]> askAndWait(KeyService asked, List<KeyServiceRequest> requests, int index) {
    List<byte[]> answers = new ArrayList<>(requests.size());
    List<Future<byte[]>> others = new ArrayList<>();
    try {
      // This thread also sends requests: there is usually only one key, and thread-local state is
      // kept.
      for (KeyServiceRequest request : requests.subList(1, requests.size())) {
        others.add(threads.submit(() -> request.answer(asked)));
      }
      answers.add(requests.get(0).answer(asked));
      for (Future<byte[]> other : others) {
        answers.add(other.get());
      }
      return answers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(index, e);
    } catch (ExecutionException e) {
      throw failed(index, e.getCause());
    } finally {
      others.forEach(other -> other.cancel(true));
    }
  }

  /** Not an answer of the service, which the library would cache for other calls too. */
  private static TdcException failed(int index, Throwable cause) {
    String text =
        cause instanceof InterruptedException
            ? "the thread that waited for the key service was interrupted"
            : "the key service failed with " + cause.getClass().getSimpleName();
    return new TdcException(Abi.ERR_KEY_SERVICE, index, text, cause);
  }

  /** As {@link Threads#later}. */
  boolean later(Runnable work) {
    return threads.later(work);
  }

  /** As {@link Threads#close}. */
  void close() {
    threads.close();
    clients.close();
  }
}
