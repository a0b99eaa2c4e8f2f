package io.tdc;

import com.google.protobuf.Message;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.payload.codec.PayloadCodec;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An open configuration: converters, codecs and failures of a {@code tdc.yaml}, as the Temporal
 * SDK's own interfaces.
 *
 * <pre>{@code
 * try (Tdc tdc = Tdc.open(Path.of("tdc.yaml"))) {
 *   WorkflowClientOptions options =
 *       WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build();
 *   ...
 * }
 * }</pre>
 *
 * <p>One open {@code Tdc} serves any number of threads, clients and workers. The objects that it
 * returns work until it is closed.
 */
public final class Tdc implements AutoCloseable {
  private final Handle handle;
  private final Outside outside;
  private final Workflow workflow;
  private final Codec codec;
  private final ValueCalls values;
  private final Messages messages;
  private final PayloadConverter[] converters;

  Tdc(Handle handle, Outside outside, PayloadConverter[] converters, boolean sdkErrors) {
    this.handle = handle;
    this.outside = outside;
    this.workflow = new Workflow(sdkErrors);
    Host host = new Host(handle, outside);
    this.codec = new Codec(host, workflow);
    this.values = new ValueCalls(host, workflow);
    this.messages = new Messages(host);
    this.converters = converters;
  }

  /**
   * Opens a configuration file.
   *
   * @param path the file, YAML or JSON
   * @return the open configuration
   * @throws TdcException if the configuration or one of its keys is not usable; the message says
   *     where and why
   */
  public static Tdc open(Path path) {
    return builder(path).open();
  }

  /**
   * Opens a configuration that is at hand as text.
   *
   * @param document the configuration, YAML or JSON
   * @param baseDir what relative paths in it are relative to
   * @return the open configuration
   * @throws TdcException if the configuration or one of its keys is not usable
   */
  public static Tdc parse(String document, Path baseDir) {
    return builder(document, baseDir).open();
  }

  /**
   * Opens a configuration file with more options.
   *
   * @param path the file, YAML or JSON
   * @return a builder that ends with {@link TdcBuilder#open}
   */
  public static TdcBuilder builder(Path path) {
    return new TdcBuilder(Objects.requireNonNull(path, "path"), null);
  }

  /**
   * Opens a configuration that is at hand as text, with more options.
   *
   * @param document the configuration, YAML or JSON
   * @param baseDir what relative paths in it are relative to
   * @return a builder that ends with {@link TdcBuilder#open}
   */
  public static TdcBuilder builder(String document, Path baseDir) {
    return new TdcBuilder(
        Objects.requireNonNull(baseDir, "baseDir"), Objects.requireNonNull(document, "document"));
  }

  /**
   * The codecs, for a data converter or a codec server of your own.
   *
   * @return a codec that any number of threads may use
   */
  public PayloadCodec payloadCodec() {
    return codec;
  }

  /**
   * The data converter of the configuration: the one changed line of a client's options. It has the
   * {@linkplain #payloadConverter converters} and the codecs. Failures need nothing more, because
   * in Java the data converter carries the failure converter: messages and stack traces are encoded
   * too, if the configuration says {@code failures: {encode_common_attributes: true}}, and decoded
   * whatever it says.
   *
   * @return a data converter for {@code WorkflowClientOptions}
   */
  public DataConverter dataConverter() {
    return dataConverter(payloadConverter());
  }

  /**
   * The configuration's converters without the codecs, for {@link #dataConverter(DataConverter)}.
   * While {@code converters} are the default ones, these are the SDK's own. Classes and generic
   * types work as there, and errors are the SDK's {@code DataConverterException}, with a {@link
   * TdcException} as the cause if they are the library's. See {@link TdcBuilder#payloadConverters}
   * for converters of your own.
   *
   * @return a data converter that only converts
   */
  public DataConverter payloadConverter() {
    handle.requireOpen();
    return new PayloadConverters(handle, values, converters);
  }

  /**
   * A data converter of your own with these codecs.
   *
   * @param own converts values, and errors to failures; its payloads then pass through the codecs
   * @return a data converter for {@code WorkflowClientOptions}
   */
  public DataConverter dataConverter(DataConverter own) {
    Objects.requireNonNull(own, "own");
    handle.requireOpen();
    return new TdcDataConverter(own, codec, new Failures(messages, workflow));
  }

  /**
   * Encodes every payload and failure in a message of Temporal's API: a request, a history, a
   * schedule. Search attributes are never touched, headers only {@linkplain MessageOption#headers()
   * if asked}.
   *
   * @param message any generated message of Temporal's API; it is not changed
   * @param options where its payloads are, and whether headers are encoded too
   * @param <M> the message's class
   * @return a message of the same class
   * @throws TdcException if a payload cannot be encoded, or the type is not one of Temporal's
   */
  public <M extends Message> M encodeMessage(M message, MessageOption... options) {
    return message(true, message, options);
  }

  /**
   * Decodes every payload and failure in a message of Temporal's API. Payloads that tdc did not
   * encode stay as they are, and so do references to stored ones without {@link
   * StorageDrivers#retrieveWith}.
   *
   * @param message any generated message of Temporal's API; it is not changed
   * @param options where its payloads are, what retrieves stored ones, and whether plain headers
   *     are refused where the configuration says {@code required}; encoded ones are opened in any
   *     case
   * @param <M> the message's class
   * @return a message of the same class
   * @throws TdcException if a payload cannot be decoded, or the type is not one of Temporal's
   */
  public <M extends Message> M decodeMessage(M message, MessageOption... options) {
    return message(false, message, options);
  }

  /**
   * Decodes every payload and failure of an exported history, for example for {@code
   * WorkflowReplayer}.
   *
   * @param history the JSON of {@code temporal workflow show --output json} or of the Web UI's
   *     download, or {@code temporal.api.export.v1}, JSON or binary
   * @param options where its payloads are, and what retrieves stored ones
   * @return the history in the form that it came in
   * @throws TdcException if it is no history, or a payload cannot be decoded
   */
  public byte[] decodeHistory(byte[] history, MessageOption... options) {
    Objects.requireNonNull(history, "history");
    try {
      return messages.history(
          MessageOption.contextOf(options), MessageOption.storedOf(options), history);
    } catch (TdcException e) {
      throw workflow.error(codec.context(), e);
    }
  }

  /**
   * Reads the configuration and its keys again. Calls in flight finish with the configuration they
   * started with.
   *
   * @throws TdcException if what is there now is not usable; what was open stays open
   */
  public void reload() {
    long[] words = new long[Boundary.WORDS];
    handle.acquire();
    try {
      int status = handle.reload(words);
      if (status != Abi.OK) {
        throw Errors.take(status, words);
      }
    } finally {
      handle.release();
    }
  }

  private <M extends Message> M message(boolean encode, M message, MessageOption... options) {
    int flags = MessageOption.flagsOf(options);
    StoredObjects stored = MessageOption.storedOf(options);
    try {
      return messages.message(encode, MessageOption.contextOf(options), flags, stored, message);
    } catch (TdcException e) {
      throw workflow.error(codec.context(), e);
    }
  }

  /**
   * Closes the configuration; closing again does nothing. Objects that it returned throw {@link
   * IllegalStateException} from now on. Calls in flight complete; the last of them frees the native
   * memory, including the keys.
   */
  @Override
  public void close() {
    handle.close();
    outside.close();
  }
}
