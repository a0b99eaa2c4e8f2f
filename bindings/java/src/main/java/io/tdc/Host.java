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
  private final NativeErrors errors;
  @Nullable private final KeyProvider provider;

  Host(NativeApi api, @Nullable KeyProvider provider) {
    this.api = api;
    this.errors = new NativeErrors(api);
    this.provider = provider;
  }

  /** Reloads or fetches keys as the status says, or throws its error. */
  void settle(int status, long self, long[] result, int index) {
    switch (status) {
      case Status.RELOAD_NEEDED:
        errors.free(result);
        if (api.reload(self, result) != Status.OK) {
          // The call that follows says what is missing better than this error does.
          errors.free(result);
        }
        break;
      case Status.KEY_NEEDED:
        fetch(self, errors.takeKeyIds(result), index);
        break;
      default:
        throw errors.take(status, result, index);
    }
  }

  /** What a call ends with that was tried often enough. */
  static TdcException unsettled() {
    return new TdcException(
        Status.KEY_NEEDED,
        TdcException.NO_INDEX,
        "keys are still missing after " + MAX_ROUNDS + " tries",
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

  /** A provider may take long, and in workflow code the SDK must not take that for a deadlock. */
  @Nullable
  private static byte[] ask(KeyProvider provider, String id, int index) {
    return WorkflowUnsafe.deadlockDetectorOff(
        () -> {
          try {
            return provider.key(id);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw away(id, index, e);
          } catch (Exception e) {
            throw away(id, index, e);
          }
        });
  }

  private static TdcException away(String id, int index, Exception cause) {
    String message = "the key provider could not answer for key id \"" + id + "\" now";
    return new TdcException(Status.KEY_NEEDED, index, message, cause);
  }
}
