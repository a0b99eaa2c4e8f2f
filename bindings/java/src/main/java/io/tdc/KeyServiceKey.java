package io.tdc;

import java.time.Duration;
import java.util.List;

/** The key of a key service that encrypts data keys: an entry of the configuration's ring. */
public final class KeyServiceKey {
  private final String uri;
  private final List<String> earlier;
  private final Duration timeout;

  KeyServiceKey(String uri, List<String> earlier, Duration timeout) {
    this.uri = uri;
    this.earlier = List.copyOf(earlier);
    this.timeout = timeout;
  }

  /**
   * Which key it is.
   *
   * @return the URI as the configuration has it, for example {@code
   *     awskms://alias/orders?region=eu-central-1}
   */
  public String uri() {
    return uri;
  }

  /**
   * Earlier targets of this key's alias, which {@link KeyService#unwrap} should try too.
   *
   * @return their ids as the configuration has them
   */
  public List<String> earlier() {
    return earlier;
  }

  /**
   * How long one attempt may take, from the first try to connect to the end of the answer.
   *
   * @return the configuration's timeout
   */
  public Duration timeout() {
    return timeout;
  }

  /** Without the URI, which can be a credential. */
  @Override
  public String toString() {
    return "KeyServiceKey";
  }
}
