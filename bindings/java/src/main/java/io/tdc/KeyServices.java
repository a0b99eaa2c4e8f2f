package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/** Has data keys wrapped and unwrapped, all of a round together. */
final class KeyServices {
  /** What the library asks for in one round. */
  private static final int MAX_REQUESTS = 16;

  private static final int IDLE_SECONDS = 30;

  /** What an operator is told who named a key service that this program cannot ask. */
  private static final String NONE =
      "this program has no client of key services: pass one of its own to"
          + " Tdc.builder(…).keyService(…)";

  @Nullable private final KeyService service;
  private final ThreadPoolExecutor threads;

  KeyServices(@Nullable KeyService service) {
    this.service = service;
    this.threads =
        new ThreadPoolExecutor(
            MAX_REQUESTS,
            MAX_REQUESTS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            KeyServices::thread);
    threads.allowCoreThreadTimeOut(true);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "tdc-key-service");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Answers the requests, as serialised {@code Answer}s. A service may take long, and in workflow
   * code the SDK must not take that for a deadlock.
   *
   * @param index in the user's list of the payload that this is for, for errors
   * @throws TdcException if the thread is interrupted
   */
  List<byte[]> answers(List<KeyServiceRequest> requests, int index) {
    if (requests.isEmpty()) {
      return List.of();
    }
    return WorkflowUnsafe.deadlockDetectorOff(() -> askAndWait(requests, index));
  }

  private List<byte[]> askAndWait(List<KeyServiceRequest> requests, int index) {
    List<byte[]> answers = new ArrayList<>(requests.size());
    KeyService asked = service;
    if (asked == null) {
      requests.forEach(request -> answers.add(request.failed(false, false, NONE)));
      return answers;
    }
    List<Future<byte[]>> others = new ArrayList<>();
    try {
      // This thread asks as well; it mostly is about one key, and keeps what is bound to a thread.
      for (KeyServiceRequest request : requests.subList(1, requests.size())) {
        others.add(submit(() -> request.answer(asked)));
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

  /** Here and now where the threads were let go, which ends no call that is under way. */
  private Future<byte[]> submit(Callable<byte[]> work) {
    FutureTask<byte[]> task = new FutureTask<>(work);
    if (!later(task)) {
      task.run();
    }
    return task;
  }

  /** Not an answer of the service, which the library would believe for other calls too. */
  private static TdcException failed(int index, Throwable cause) {
    String text =
        cause instanceof InterruptedException
            ? "the thread that waited for the key service was interrupted"
            : "the key service failed with " + cause.getClass().getSimpleName();
    return new TdcException(Abi.ERR_KEY_SERVICE, index, text, cause);
  }

  /** Has something done that this thread does not wait for, unless the threads were let go. */
  boolean later(Runnable work) {
    try {
      threads.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Lets the threads go: what is under way ends, and nothing more begins. */
  void close() {
    threads.shutdown();
  }
}
