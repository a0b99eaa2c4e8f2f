package io.tdc;

import javax.annotation.Nullable;

/** The services of the program for the library: keys, key services, codec servers, stores. */
final class Outside {
  @Nullable final KeyProvider keys;
  final KeyServices keyServices;
  final Remote remote;

  /** Of one call, which gets it by {@link #with}. */
  @Nullable final StoredObjects stored;

  Outside(@Nullable KeyProvider keys, KeyServices keyServices, Remote remote) {
    this(keys, keyServices, remote, null);
  }

  private Outside(
      @Nullable KeyProvider keys,
      KeyServices keyServices,
      Remote remote,
      @Nullable StoredObjects stored) {
    this.keys = keys;
    this.keyServices = keyServices;
    this.remote = remote;
    this.stored = stored;
  }

  /** The same services, and what retrieves stored objects. */
  Outside with(StoredObjects stored) {
    return new Outside(keys, keyServices, remote, stored);
  }

  /** Nothing. */
  static Outside none() {
    return new Outside(null, new KeyServices(null), new Remote(null, null));
  }

  /** Releases connections and threads. */
  void close() {
    keyServices.close();
    remote.close();
  }
}
