package io.tdc;

import com.google.protobuf.CodedOutputStream;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.CancellationToken;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.payload.storage.StorageDriverClaim;
import io.temporal.payload.storage.StorageDriverRetrieveContext;
import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nonnull;

/** Has the program's own storage drivers retrieve stored objects. */
final class RetrievedObjects implements StoredObjects {
  /** {@code tdc.host.v1.Answer.object_failure}. */
  private static final int OBJECT_FAILURE = 11;

  /** {@code tdc.host.v1.Answer.retrieved}. */
  private static final int RETRIEVED = 12;

  private final Map<String, StorageDriver> drivers = new HashMap<>();

  /** Of drivers with the same name the first is asked. */
  RetrievedObjects(List<StorageDriver> drivers) {
    drivers.forEach(driver -> this.drivers.putIfAbsent(driver.getName(), driver));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Each driver retrieves all of its own together, and the drivers run at the same time. They
   * may be slow, and in workflow code the SDK must not mistake that for a deadlock. The library
   * reports what is wrong with the first payload that was not retrieved. So answers are read in the
   * order of payloads, for the first exception to be the cause of that error.
   */
  @Override
  public List<byte[]> answers(List<StoredObject> round, int index, Causes causes) {
    return WorkflowUnsafe.deadlockDetectorOff(() -> askAndWait(round, index, causes));
  }

  @Override
  public StoredObjects and(StoredObjects more) {
    List<StorageDriver> all = new ArrayList<>(drivers.values());
    all.addAll(((RetrievedObjects) more).drivers.values());
    return new RetrievedObjects(all);
  }

  private List<byte[]> askAndWait(List<StoredObject> round, int index, Causes causes) {
    Map<String, List<StoredObject>> byName = new LinkedHashMap<>();
    List<byte[]> answers = new ArrayList<>(round.size());
    for (StoredObject object : round) {
      if (drivers.containsKey(object.store)) {
        byName.computeIfAbsent(object.store, name -> new ArrayList<>()).add(object);
      } else {
        answers.add(Requests.unknown(object.id));
      }
    }
    List<Retrieval> retrievals = new ArrayList<>(byName.size());
    try {
      byName.forEach((name, own) -> retrievals.add(new Retrieval(drivers.get(name), own)));
      for (Retrieval retrieval : retrievals) {
        answers.addAll(retrieval.await(causes));
      }
    } catch (InterruptedException e) {
      // It says nothing about a store.
      Thread.currentThread().interrupt();
      String text = "the thread that waited for a storage driver was interrupted";
      throw new TdcException(Abi.ERR_STORAGE, index, text, e);
    } finally {
      retrievals.forEach(Retrieval::cancel);
    }
    return answers;
  }

  /** The objects of one driver, bounded by the timeout. */
  private static final class Retrieval {
    private final List<StoredObject> objects;
    private final Cancellation cancellation = new Cancellation();
    private final long end;
    private final CompletableFuture<List<Payload>> payloads;

    Retrieval(StorageDriver driver, List<StoredObject> objects) {
      this.objects = objects;
      this.end = System.nanoTime() + objects.get(0).timeout.toNanos();
      this.payloads = begin(driver);
    }

    private CompletableFuture<List<Payload>> begin(StorageDriver driver) {
      List<StorageDriverClaim> claims = new ArrayList<>(objects.size());
      objects.forEach(object -> claims.add(new StorageDriverClaim(object.claim)));
      try {
        CompletableFuture<List<Payload>> begun = driver.retrieve(cancellation, claims);
        return begun == null ? CompletableFuture.completedFuture(null) : begun;
      } catch (Exception e) {
        // Kotlin and Scala throw checked exceptions without declaring them.
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        return CompletableFuture.failedFuture(e);
      }
    }

    /** Waits for the driver, and gives serialised {@code Answer}s. */
    List<byte[]> await(Causes causes) throws InterruptedException {
      try {
        return retrieved(payloads.get(end - System.nanoTime(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException e) {
        causes.add(Abi.ERR_STORAGE, e);
        return failed("no answer in " + objects.get(0).timeout.toMillis() + " ms");
      } catch (ExecutionException e) {
        return failed(e.getCause(), causes);
      } catch (CancellationException e) {
        return failed(e, causes);
      }
    }

    private List<byte[]> retrieved(List<Payload> found) {
      if (found == null
          || found.size() != objects.size()
          || found.stream().anyMatch(Objects::isNull)) {
        int count = found == null ? 0 : found.size();
        return failed(
            "the storage driver returned "
                + count
                + " payloads, or none at some place, for "
                + objects.size()
                + " claims");
      }
      List<byte[]> answers = new ArrayList<>(found.size());
      for (Payload payload : found) {
        answers.add(
            Requests.answer(objects.get(answers.size()).id, RETRIEVED, payload.toByteArray()));
      }
      return answers;
    }

    private List<byte[]> failed(Throwable cause, Causes causes) {
      causes.add(Abi.ERR_STORAGE, cause);
      String name = cause.getClass().getSimpleName();
      return failed(cause.getMessage() == null ? name : name + ": " + cause.getMessage());
    }

    /** A {@code tdc.host.v1.ObjectFailure} for each. */
    private List<byte[]> failed(String reason) {
      byte[] text = reason.getBytes(StandardCharsets.UTF_8);
      byte[] failure = new byte[CodedOutputStream.computeByteArraySize(2, text)];
      try {
        CodedOutputStream.newInstance(failure).writeByteArray(2, text);
      } catch (IOException e) {
        throw new IllegalStateException("an array does no input or output", e);
      }
      List<byte[]> answers = new ArrayList<>(objects.size());
      objects.forEach(object -> answers.add(Requests.answer(object.id, OBJECT_FAILURE, failure)));
      return answers;
    }

    /** Does nothing to one that has ended. */
    void cancel() {
      if (!payloads.isDone()) {
        cancellation.requested.complete(null);
        payloads.cancel(true);
      }
    }
  }

  /** Tells a driver that nothing waits for it any more. */
  private static final class Cancellation
      implements StorageDriverRetrieveContext, CancellationToken<CancellationException> {
    final CompletableFuture<Void> requested = new CompletableFuture<>();

    @Nonnull
    @Override
    public CancellationToken<CancellationException> getCancellationToken() {
      return this;
    }

    @Override
    public boolean isCancellationRequested() {
      return requested.isDone();
    }

    @Override
    public void throwIfCancellationRequested() {
      if (requested.isDone()) {
        throw new CancellationException("the call that needs the payloads has ended");
      }
    }

    @Nonnull
    @Override
    public Registration onCancel(@Nonnull Runnable callback) {
      CompletableFuture<Void> called = requested.thenRun(callback);
      return () -> called.cancel(false);
    }
  }
}
