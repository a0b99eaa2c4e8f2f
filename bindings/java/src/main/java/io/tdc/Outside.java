package io.tdc;

import javax.annotation.Nullable;

/** What the library asks its host for and the program has: keys, key services, codec servers. */
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

  /** Lets go of connections and threads. */
  void close() {
    keyServices.close();
    remote.close();
  }
}
