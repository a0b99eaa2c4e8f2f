package io.tdc;

/**
 * Encrypts and decrypts data keys with keys that never leave their service, such as AWS KMS or
 * Vault. It is called when {@code keys.ring} has an entry with {@code service:}. Calls are rare:
 * for a new data key once an hour, and for a payload's data key that is not in the cache.
 *
 * <p>It may be called from several threads at once, and from workflow threads: there it runs with
 * the SDK's deadlock detector switched off. It ends an attempt after {@link KeyServiceKey#timeout}.
 *
 * <p>A {@link KeyServiceException} gives the reason for a failure; any other exception means that
 * the service could not be reached. Its message becomes part of errors, so it must not contain a
 * secret.
 */
public interface KeyService {
  /**
   * Encrypts a data key.
   *
   * @param key which of the service's keys encrypts it
   * @param dataKey 32 bytes, which are overwritten when this returns
   * @return the wrapped key, at most 6,144 bytes
   * @throws Exception if the service does not wrap it
   */
  byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception;

  /**
   * Decrypts a data key.
   *
   * @param key which of the service's keys encrypted it
   * @param wrapped what {@link #wrap} gave, here or in another program
   * @return the 32 bytes of the data key, in an array of their own: it is overwritten once it was
   *     read
   * @throws Exception if the service does not unwrap it
   */
  byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception;
}
