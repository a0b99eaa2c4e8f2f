package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.annotation.Nullable;

/** Does what the library asks its host for, so that a call can be made again. */
final class Host {
  /** How often a call is tried: more than the layers of any payload can name keys. */
  static final int MAX_ROUNDS = 20;

  private final NativeApi api;
  private final Handle handle;
  private final NativeErrors errors;
  private final CodecServers servers;
  @Nullable private final KeyProvider provider;

  Host(NativeApi api, Handle handle, @Nullable KeyProvider provider, CodecServers servers) {
    this.api = api;
    this.handle = handle;
    this.errors = new NativeErrors(api);
    this.provider = provider;
    this.servers = servers;
  }

  /**
   * Reloads, fetches keys or asks a codec server as the status says, or throws its error.
   *
   * @return how many of {@link #MAX_ROUNDS} that was: none for a codec server, because each of its
   *     answers is about other payloads of the call
   */
  int settle(int status, long self, long[] result, int index) {
    switch (status) {
      case Status.RELOAD_NEEDED:
        errors.free(result);
        if (handle.reload(result) != Status.OK) {
          // The call that follows says what is missing better than this error does.
          errors.free(result);
        }
        return 1;
      case Status.KEY_NEEDED:
        fetch(self, errors.takeKeyIds(result), index);
        return 1;
      case Status.REMOTE_NEEDED:
        ask(self, NativeErrors.takeRequest(result), index);
        return 0;
      default:
        throw unsettled(errors.take(status, result, index));
    }
  }

  /** What a call ends with that was tried often enough. */
  static TdcException unsettled() {
    return new TdcException(
        Status.KEY_UNKNOWN,
        TdcException.NO_INDEX,
        "keys are still missing after " + MAX_ROUNDS + " tries",
        null);
  }

  /** The library does not know whether its host has a provider for the keys that it asks for. */
  private TdcException unsettled(TdcException error) {
    if (error.code() != Status.KEY_UNKNOWN || provider != null || !handle.usesHostKeys()) {
      return error;
    }
    return new TdcException(
        Status.KEY_PROVIDER,
        error.payloadIndex().orElse(TdcException.NO_INDEX),
        error.fact()
            + ", and the configuration asks the host for it, but no key provider was given:"
            + " pass one to Tdc.builder(…).keyProvider(…), or add the key to keys.ring",
        null);
  }

  /** Hands in each key, or says that there is none. */
  private void fetch(long self, List<String> ids, int index) {
    for (String id : ids) {
      byte[] key = provider == null ? null : ask(provider, id, index);
      byte[] idBytes = id.getBytes(StandardCharsets.UTF_8);
      // Not the slots of the call that is under way: the provider may have used this library
      // itself.
      long[] result = new long[NativeApi.RESULT_SLOTS];
      int status =
          key == null
              ? api.keyReject(self, idBytes, result)
              : api.keyProvide(self, idBytes, key, result);
      if (status != Status.OK) {
        throw errors.take(status, result, index);
      }
    }
  }

  /** Sends the request that {@code error} carries, and hands in what came of it. */
  private void ask(long self, long error, int index) {
    try {
      CodecServers.Answer answer = servers.ask(new RemoteRequest(api, error), index);
      // Not the slots of the call that is under way: the hook for headers may have used this
      // library itself.
      long[] result = new long[NativeApi.RESULT_SLOTS];
      int status = api.remoteProvide(self, error, answer.status, answer.body, result);
      if (status != Status.OK) {
        throw errors.take(status, result, index, answer.cause);
      }
    } finally {
      api.errorFree(error);
    }
  }

  /** A provider may take long, and in workflow code the SDK must not take that for a deadlock. */
  @Nullable
  private static byte[] ask(KeyProvider provider, String id, int index) {
    return WorkflowUnsafe.deadlockDetectorOff(
        () -> {
          try {
            return provider.key(id);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(id, index, e);
          } catch (Exception e) {
            throw failed(id, index, e);
          }
        });
  }

  private static TdcException failed(String id, int index, Exception cause) {
    String message =
        "the key provider failed for the key \""
            + id
            + "\" with "
            + cause.getClass().getSimpleName();
    return new TdcException(Status.KEY_PROVIDER, index, message, cause);
  }
}
