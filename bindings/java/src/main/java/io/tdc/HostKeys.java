package io.tdc;

import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.annotation.Nullable;

/** Fetches the keys that the library asks the host for, from the user's provider. */
final class HostKeys {
  private final NativeApi api;
  private final NativeErrors errors;
  @Nullable private final KeyProvider provider;

  HostKeys(NativeApi api, @Nullable KeyProvider provider) {
    this.api = api;
    this.errors = new NativeErrors(api);
    this.provider = provider;
  }

  /** Hands in each key, or says that there is none. */
  void fetch(long self, List<String> ids, int index) {
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
