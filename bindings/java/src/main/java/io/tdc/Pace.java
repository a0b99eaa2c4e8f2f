package io.tdc;

/**
 * Tells which calls are short: from how long the last ones took for each byte, because what has to
 * be done for a payload is only known afterwards. Compression takes a hundred times as long as
 * encryption.
 *
 * <p>Threads that write at once lose each other's calls, which does no harm.
 */
final class Pace {
  /** Up to here every call is short: zlib takes 40 µs. */
  private static final int SMALL = 8 * 1024 + 512;

  /** Below what the pauses of most collectors take. */
  private static final double SHORT_NANOS = 250_000;

  /** What is left of a slow call after the next one: for a while after it, none is short. */
  private static final double REMEMBERED = 0.8;

  /** Nanoseconds for each byte of the slowest of the last calls; 0 before the first one. */
  private volatile double slowest;

  /** Whether a call on so many bytes is likely to be short. */
  boolean isShort(int bytes) {
    if (bytes <= SMALL) {
      return true;
    }
    double each = slowest;
    return each != 0 && each * bytes <= SHORT_NANOS;
  }

  /** When a call begins, or 0 if it is not worth a look at the clock. */
  static long start(int bytes) {
    return bytes <= SMALL ? 0 : System.nanoTime();
  }

  /** Ends a call that began then. */
  void end(long start, int bytes) {
    if (bytes > SMALL) {
      double each = (double) (System.nanoTime() - start) / bytes;
      slowest = Math.max(each, slowest * REMEMBERED);
    }
  }
}
