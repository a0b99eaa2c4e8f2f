package io.tdc;

import javax.annotation.Nullable;

/**
 * Provides keys that are not in the configuration's ring, for example from a key service. It is
 * called when the configuration says {@code keys: {host: true}} and a payload names a key that the
 * library does not have yet.
 *
 * <p>A provider may be called from several threads at once, and from workflow threads: there it
 * runs with the SDK's deadlock detector switched off, so it may be slow.
 */
@FunctionalInterface
public interface KeyProvider {
  /**
   * Finds a key.
   *
   * @param id the key's id, as payloads carry it
   * @return the 32 bytes of the key (they are copied), or {@code null} if there is no such key;
   *     that answer is remembered for half a minute
   * @throws Exception if the provider cannot answer now; the call fails with {@link
   *     Code#KEY_PROVIDER}, which is transient, and this exception as its cause
   */
  @Nullable
  byte[] key(String id) throws Exception;
}
