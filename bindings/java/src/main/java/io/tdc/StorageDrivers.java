package io.tdc;

import io.temporal.payload.storage.StorageDriver;
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
}
