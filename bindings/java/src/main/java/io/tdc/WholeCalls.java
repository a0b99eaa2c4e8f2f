package io.tdc;

/** Calls on one serialised message, which the library reads and writes whole. */
final class WholeCalls {
  private final NativeApi api;
  private final Handle handle;
  private final Host host;

  WholeCalls(NativeApi api, Handle handle, Host host) {
    this.api = api;
    this.handle = handle;
    this.host = host;
  }

  /** Encodes or decodes a {@code Failure}. */
  byte[] failure(boolean encode, byte[] context, byte[] failure) {
    return run((self, result) -> api.failure(encode, self, context, failure, result));
  }

  /** Encodes or decodes a message of Temporal's API. */
  byte[] message(boolean encode, byte[] context, byte[] name, int flags, byte[] message) {
    return run((self, result) -> api.message(encode, self, context, name, flags, message, result));
  }

  /** Decodes an exported history. */
  byte[] history(byte[] context, byte[] history) {
    return run((self, result) -> api.history(self, context, history, result));
  }

  private byte[] run(Call call) {
    long self = handle.acquire();
    try {
      // Not those of the thread: a key provider may use this library itself.
      long[] result = new long[NativeApi.RESULT_SLOTS];
      for (int round = 0; round < Host.MAX_ROUNDS; ) {
        int status = call.make(self, result);
        if (status == Status.OK) {
          return api.takeOwned(result);
        }
        round += host.settle(status, self, result, TdcException.NO_INDEX);
      }
      throw Host.unsettled();
    } finally {
      handle.release();
    }
  }

  @FunctionalInterface
  private interface Call {
    int make(long self, long[] result);
  }
}
