package io.tdc;

import io.temporal.payload.storage.StorageDriver;
import java.util.List;
import java.util.Objects;

/**
 * Drivers of external storage, which the SDK has from 1.39 on. With an older SDK this class alone
 * cannot be used.
 */
public final class StorageDrivers {
  private StorageDrivers() {}

  /**
   * Wraps a driver of external storage, so that claims can be read by the official drivers of every
   * SDK. They spell the same things differently: {@code hash_algorithm} and {@code hash_value} in
   * Go and Python, {@code hashAlgorithm} and {@code hashValue} in TypeScript; for Google Cloud
   * Storage, {@code key} or {@code object_name} in Go, {@code object_name} in Python and {@code
   * object} in TypeScript.
   *
   * <p>The claims that {@code store} returns have every spelling, and so do those that {@code
   * retrieve} gets. Name, type and payloads are the driver's. If two spellings are there and
   * disagree, a {@link TdcException} names them, and nothing is retrieved. It needs no
   * configuration. A driver selector has to return the wrapped driver.
   *
   * <pre>{@code
   * ExternalStorage storage =
   *     ExternalStorage.newBuilder().setDriver(StorageDrivers.wrap(driver)).build();
   * WorkflowClientOptions options =
   *     WorkflowClientOptions.newBuilder()
   *         .setDataConverter(tdc.dataConverter())
   *         .setExternalStorage(storage)
   *         .build();
   * }</pre>
   *
   * @param driver the driver
   * @return a driver of the same name and type
   */
  public static StorageDriver wrap(StorageDriver driver) {
    return new WrappedDriver(Objects.requireNonNull(driver, "driver"));
  }

  /**
   * Puts stored payloads in the places of their references when {@link Tdc#decodeMessage} and
   * {@link Tdc#decodeHistory} decode, whichever SDK stored them:
   *
   * <pre>{@code
   * byte[] decoded = tdc.decodeHistory(history, StorageDrivers.retrieveWith(driver));
   * }</pre>
   *
   * <p>Each driver is asked for the references with its name, up to 16 in one {@code retrieve}. Its
   * future has to complete within the configuration's timeout; after that its cancellation token is
   * cancelled. A {@code retrieve} that blocks the thread cannot be interrupted by that. Without
   * drivers references stay as they are. Several of these options add up, and of drivers with one
   * name the first is asked.
   *
   * <p>The configuration's {@code storage} says which drivers and buckets a reference may name, and
   * a key must be of the namespace of the payloads ({@link TdcBuilder#namespace} or {@link
   * MessageOption#context}). Other references are {@code TDC_ERR_REFERENCE}, and no driver sees
   * them. What a driver cannot retrieve is {@code TDC_ERR_STORAGE}, with the driver's exception as
   * the cause.
   *
   * @param drivers those of {@code ExternalStorage}, wrapped or not
   * @return the option
   */
  public static MessageOption retrieveWith(StorageDriver... drivers) {
    List<StorageDriver> all = List.of(drivers);
    return MessageOption.stored(all.isEmpty() ? null : new RetrievedObjects(all));
  }
}
