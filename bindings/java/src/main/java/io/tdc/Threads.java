package io.tdc;

import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Platform threads that wait for key services, and end when they have nothing to do. */
final class Threads {
  private static final int IDLE_SECONDS = 30;

  private final ThreadPoolExecutor executor;

  Threads(String name, int max) {
    executor =
        new ThreadPoolExecutor(
            max,
            max,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
  }

  /** Here and now where the threads were let go, which ends no call that is under way. */
  <T> Future<T> submit(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    if (!later(task)) {
      task.run();
    }
    return task;
  }

  /** Has something done that this thread does not wait for, unless the threads were let go. */
  boolean later(Runnable work) {
    try {
      executor.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Lets the threads go: what is under way ends, and nothing more begins. */
  void close() {
    executor.shutdown();
  }
}
