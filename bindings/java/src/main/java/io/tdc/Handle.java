package io.tdc;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Owns the native data converter and counts who is using it, so that it is never freed under a
 * call: {@link #close} refuses while a call is in flight. A handle that nobody closed is freed when
 * it is garbage.
 */
final class Handle {
  private static final Cleaner CLEANER = Cleaner.create();

  /** {@code TDC_FLAG_HOST_KEYS} of {@code tdc.h}. */
  private static final int HOST_KEYS = 2;

  /** {@code TDC_FLAG_REMOTE}. */
  private static final int REMOTE = 8;

  private final Resource resource;
  private final Cleaner.Cleanable cleanable;
  private volatile int flags;

  Handle(NativeApi api, long pointer) {
    resource = new Resource(api, pointer);
    cleanable = CLEANER.register(this, resource);
    flags = resource.api.flags(pointer);
  }

  /** Starts a use and gives the native pointer; {@link #release} must follow. */
  long acquire() {
    if (resource.users.getAndIncrement() < 0) {
      resource.users.getAndDecrement();
      throw new IllegalStateException("this Tdc is closed");
    }
    return resource.pointer;
  }

  /** Ends a use. */
  void release() {
    resource.users.getAndDecrement();
  }

  /** Whether payloads of some namespace go to a codec server. */
  boolean isRemote() {
    return (flags & REMOTE) != 0;
  }

  /** Whether the configuration asks the host for keys. */
  boolean usesHostKeys() {
    return (flags & HOST_KEYS) != 0;
  }

  /** {@code tdc_data_converter_reload}; an error goes to {@code result}. */
  int reload(long[] result) {
    long self = acquire();
    try {
      int status = resource.api.reload(self, result);
      flags = resource.api.flags(self);
      return status;
    } finally {
      release();
    }
  }

  /** Throws if it is closed. */
  void requireOpen() {
    acquire();
    release();
  }

  /**
   * Frees the native data converter. Does nothing the second time.
   *
   * @throws IllegalStateException if a call is in flight; nothing is freed then
   */
  void close() {
    if (resource.users.compareAndSet(0, Resource.CLOSED)) {
      cleanable.clean();
      return;
    }
    int users = resource.users.get();
    if (users > 0) {
      throw new IllegalStateException(
          "close() while "
              + users
              + " calls are in flight: shut down the workers and clients first");
    }
    if (users == 0) {
      close();
    }
  }

  /** What outlives the handle until the cleaner has run; it must not refer to the handle. */
  private static final class Resource implements Runnable {
    /** Far enough below zero that no number of threads that come too late counts up to zero. */
    static final int CLOSED = Integer.MIN_VALUE / 2;

    final AtomicInteger users = new AtomicInteger();
    final NativeApi api;
    final long pointer;

    Resource(NativeApi api, long pointer) {
      this.api = api;
      this.pointer = pointer;
    }

    @Override
    public void run() {
      api.free(pointer);
    }
  }
}
