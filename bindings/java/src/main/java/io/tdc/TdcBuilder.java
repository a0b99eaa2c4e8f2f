package io.tdc;

import io.temporal.common.converter.PayloadConverter;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.Objects;
import javax.annotation.Nullable;

/** Options for opening a configuration. Made by {@link Tdc#builder(Path)}. */
public final class TdcBuilder {
  private final Path path;
  @Nullable private final String document;
  @Nullable private String namespace;
  @Nullable private KeyProvider keyProvider;
  @Nullable private KeyService keyService;
  @Nullable private HttpClient httpClient;
  @Nullable private RemoteHeaders remoteHeaders;
  private PayloadConverter[] payloadConverters = {};
  private boolean sdkErrors;

  TdcBuilder(Path path, @Nullable String document) {
    this.path = path;
    this.document = document;
  }

  /**
   * The Temporal namespace that selects the configuration's rules when the SDK does not give one.
   *
   * @param newNamespace the namespace's name
   * @return this builder
   */
  public TdcBuilder namespace(String newNamespace) {
    namespace = Objects.requireNonNull(newNamespace, "namespace");
    return this;
  }

  /**
   * The source of keys that are not in the configuration's ring.
   *
   * @param newKeyProvider the provider
   * @return this builder
   */
  public TdcBuilder keyProvider(KeyProvider newKeyProvider) {
    keyProvider = Objects.requireNonNull(newKeyProvider, "keyProvider");
    return this;
  }

  /**
   * The key service that encrypts and decrypts data keys for entries of {@code keys.ring} with
   * {@code service:}, instead of the clients in {@code libtdc_keys}.
   *
   * @param newKeyService the program's own client of a key service
   * @return this builder
   */
  public TdcBuilder keyService(KeyService newKeyService) {
    keyService = Objects.requireNonNull(newKeyService, "keyService");
    return this;
  }

  /**
   * The HTTP client for codec servers, for configurations whose codecs include {@code remote}: one
   * that knows your certificate authority, has a client certificate or goes through a proxy.
   * Requests have the timeout of the configuration. Without it there is one client for each {@link
   * Tdc}.
   *
   * @param newHttpClient a client that follows no redirects and keeps no cookies, as is the default
   * @return this builder
   * @throws IllegalArgumentException if it follows redirects, or has a cookie handler
   */
  public TdcBuilder httpClient(HttpClient newHttpClient) {
    if (newHttpClient.followRedirects() != HttpClient.Redirect.NEVER) {
      throw new IllegalArgumentException(
          "httpClient follows redirects, and would send payloads and credentials wherever they"
              + " lead: build it with Redirect.NEVER");
    }
    if (newHttpClient.cookieHandler().isPresent()) {
      throw new IllegalArgumentException(
          "httpClient has a cookie handler, and codec servers are sent no cookies");
    }
    httpClient = newHttpClient;
    return this;
  }

  /**
   * The source of headers for requests to codec servers, for configurations whose codecs include
   * {@code remote}.
   *
   * @param newRemoteHeaders the source
   * @return this builder
   */
  public TdcBuilder remoteHeaders(RemoteHeaders newRemoteHeaders) {
    remoteHeaders = Objects.requireNonNull(newRemoteHeaders, "remoteHeaders");
    return this;
  }

  /**
   * Payload converters of your own. One for {@code json/plain} says how objects become JSON, for
   * example {@code new JacksonJsonPayloadConverter(objectMapper)}, and the configuration whether
   * that is stored as JSON or as MessagePack; likewise one for another encoding of the SDK's. Those
   * for encodings of your own go before the configuration's.
   *
   * @param newPayloadConverters the converters
   * @return this builder
   */
  public TdcBuilder payloadConverters(PayloadConverter... newPayloadConverters) {
    payloadConverters = newPayloadConverters.clone();
    return this;
  }

  /**
   * Leaves every error in workflow code to the SDK, as it would any error of a data converter: with
   * the SDK's defaults it drops a signal that cannot be decoded and rejects an update, and where
   * {@code setFailWorkflowExceptionTypes} says so, the workflow fails.
   *
   * <p>Without this, an error that an operator can fix (see {@link TdcException#isTransient}) fails
   * the workflow task, as a {@link TdcTaskFailure}.
   *
   * @return this builder
   */
  public TdcBuilder sdkErrors() {
    sdkErrors = true;
    return this;
  }

  /**
   * Opens the configuration.
   *
   * @return the open configuration
   * @throws TdcException if the configuration or one of its keys is not usable
   */
  public Tdc open() {
    Handle handle = Handle.open(path, document, namespace);
    KeyServices keyServices = new KeyServices(keyService);
    Remote remote = new Remote(httpClient, remoteHeaders);
    Outside outside = new Outside(keyProvider, keyServices, remote);
    return new Tdc(handle, outside, payloadConverters, sdkErrors);
  }
}
