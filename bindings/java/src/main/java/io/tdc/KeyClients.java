package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import javax.annotation.Nullable;

/**
 * Has the clients in {@code libtdc_keys} wrap and unwrap data keys. They answer into the call, so
 * no data key passes through Java.
 */
final class KeyClients {
  /** How many virtual threads may wait for a key service at once; others queue. */
  private static final int MAX_THREADS = 256;

  /** {@code Thread.isVirtual}, from Java 21 on. */
  @Nullable private static final MethodHandle IS_VIRTUAL = isVirtual();

  private final Threads threads = new Threads("tdc-key-clients", MAX_THREADS);

  /**
   * Answers the call's requests to key services, which may take as long as the services' timeouts.
   *
   * @param requests the ids
   * @param causes get why the library is not used
   * @return answers for the host to give where there is no library
   * @throws TdcException if the call has come to an error
   */
  List<byte[]> answers(Host.Call call, List<Long> requests, Causes causes) {
    // In workflow code the SDK must not take it for a deadlock.
    return WorkflowUnsafe.deadlockDetectorOff(
        () ->
            isCurrentVirtual()
                ? onPlatformThread(() -> answersHere(call, requests, causes))
                : answersHere(call, requests, causes));
  }

  private static List<byte[]> answersHere(Host.Call call, List<Long> requests, Causes causes) {
    try {
      KeyLibrary.load();
    } catch (KeyServiceException e) {
      causes.add(Abi.ERR_KEY_SERVICE, e);
      List<byte[]> answers = new ArrayList<>(requests.size());
      requests.forEach(id -> answers.add(KeyServiceRequest.failed(id, e)));
      return answers;
    }
    call.require(Boundary.answerByKeyLibrary(call));
    return List.of();
  }

  /** A native call would block the virtual thread's carrier, which others need. */
  private <T> T onPlatformThread(Callable<T> work) {
    Future<T> future = threads.submit(work);
    boolean isInterrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          // The clients use the call's memory: it cannot end before them.
          isInterrupted = true;
        } catch (ExecutionException e) {
          throw unchecked(e.getCause());
        }
      }
    } finally {
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException unchecked(Throwable cause) {
    if (cause instanceof Error) {
      throw (Error) cause;
    }
    return cause instanceof RuntimeException
        ? (RuntimeException) cause
        : new IllegalStateException(cause);
  }

  private static boolean isCurrentVirtual() {
    try {
      return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Nullable
  private static MethodHandle isVirtual() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  /** Releases the threads; running requests complete. */
  void close() {
    threads.close();
  }
}
