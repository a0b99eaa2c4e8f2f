package io.tdc;

import javax.annotation.Nullable;

/**
 * Hands in keys that are not in the configuration's ring, for example from a key service. It is
 * asked when the configuration says {@code keys: {host: true}} and a payload names a key that the
 * library does not hold yet.
 *
 * <p>A provider may be asked from several threads at once, and from workflow threads: there it runs
 * with the SDK's deadlock detector switched off, so it may take its time.
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
