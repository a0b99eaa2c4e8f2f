package io.tdc;

import java.net.URI;
import java.util.Map;

/**
 * Gives headers for a request to a codec server, such as a fresh {@code Authorization}. They take
 * precedence over headers of the configuration with the same name.
 *
 * <p>It is called for each request, from several threads at once and from workflow threads, so it
 * should cache values that can be reused. In workflow code it runs with the SDK's deadlock detector
 * switched off.
 */
@FunctionalInterface
public interface RemoteHeaders {
  /**
   * Gives headers.
   *
   * @param url where the request goes
   * @return names and values
   * @throws Exception if there are none now; the call fails as transient and is worth another try
   */
  Map<String, String> headers(URI url) throws Exception;
}
