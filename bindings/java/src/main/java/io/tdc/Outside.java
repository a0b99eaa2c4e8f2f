package io.tdc;

import javax.annotation.Nullable;

/** The services of the program for the library: keys, key services, codec servers. */
final class Outside {
  @Nullable final KeyProvider keys;
  final KeyServices keyServices;
  final Remote remote;

  Outside(@Nullable KeyProvider keys, KeyServices keyServices, Remote remote) {
    this.keys = keys;
    this.keyServices = keyServices;
    this.remote = remote;
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
