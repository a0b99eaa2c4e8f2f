package io.tdc;

import java.util.Objects;

/** Why a {@link KeyService} did not wrap or unwrap a data key. */
public final class KeyServiceException extends Exception {
  private static final long serialVersionUID = 1L;

  /** As {@link #isRefused}. */
  private final boolean refused;

  /** As {@link #isInvalid}. */
  private final boolean invalid;

  /**
   * A failure with its reason. Without either flag the service could not be reached, was too slow,
   * or its answer is not usable; that is cached for one second.
   *
   * @param reason the service's reason in words, without a secret: errors and logs show it
   * @param refused access is denied, or the key is disabled or destroyed; cached for 30 seconds.
   *     The call fails with {@link Code#KEY_REFUSED}
   * @param invalid the wrapped key was changed, or is of another key: an error of the payload
   */
  public KeyServiceException(String reason, boolean refused, boolean invalid) {
    super(Objects.requireNonNull(reason, "reason"));
    this.refused = refused;
    this.invalid = invalid;
  }

  /**
   * The service refused.
   *
   * @param reason the service's reason, without a secret
   * @return an exception to throw
   */
  public static KeyServiceException refused(String reason) {
    return new KeyServiceException(reason, true, false);
  }

  /**
   * The wrapped key was not wrapped by this key.
   *
   * @param reason the service's reason, without a secret
   * @return an exception to throw
   */
  public static KeyServiceException invalid(String reason) {
    return new KeyServiceException(reason, false, true);
  }

  /**
   * Whether the service refused.
   *
   * @return true if only an administrator can change it
   */
  public boolean isRefused() {
    return refused;
  }

  /**
   * Whether the wrapped key is at fault.
   *
   * @return true if the payload is
   */
  public boolean isInvalid() {
    return invalid;
  }
}
