package io.tdc;

import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.payload.codec.PayloadCodec;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Objects;

/**
 * An open configuration: the codecs of a {@code tdc.yaml}, as the Temporal SDK's own interfaces.
 *
 * <pre>{@code
 * try (Tdc tdc = Tdc.open(Path.of("tdc.yaml"))) {
 *   WorkflowClientOptions options =
 *       WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter()).build();
 *   ...
 * }
 * }</pre>
 *
 * <p>One open {@code Tdc} serves any number of threads, clients and workers. What it hands out
 * works until it is closed.
 */
public final class Tdc implements AutoCloseable {
  /** {@code TDC_FLAG_ENCODE_COMMON_ATTRIBUTES} of {@code tdc.h}. */
  private static final int ENCODE_COMMON_ATTRIBUTES = 1;

  /** {@code TDC_FLAG_CONVERTERS}. */
  private static final int CONVERTERS = 4;

  private final NativeApi api;
  private final Handle handle;
  private final PayloadCodec codec;

  Tdc(NativeApi api, long pointer, HostKeys keys) {
    this.api = api;
    this.handle = new Handle(api, pointer);
    this.codec = new TdcPayloadCodec(new CodecCalls(api, handle, keys), ContextMessage.NONE);
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
   * The SDK's default data converter with these codecs: the one changed line of a client's options.
   * Failures need nothing more, because in Java the data converter carries the failure converter
   * and encodes messages and stack traces too, if the configuration says {@code failures:
   * {encode_common_attributes: true}}.
   *
   * @return a data converter for {@code WorkflowClientOptions}
   * @throws UnsupportedOperationException if the configuration's {@code converters} are not the
   *     default ones, which are all that this package has
   */
  public DataConverter dataConverter() {
    long self = handle.acquire();
    try {
      if ((api.flags(self) & CONVERTERS) != 0) {
        throw new UnsupportedOperationException(
            "the Java package has the default converters only: leave `converters` out, give"
                + " dataConverter a converter of your own, or put msgpack into `codecs`");
      }
    } finally {
      handle.release();
    }
    return dataConverter(DefaultDataConverter.newDefaultInstance());
  }

  /**
   * A data converter of your own with these codecs.
   *
   * @param values converts values; its payloads then pass through the codecs
   * @return a data converter for {@code WorkflowClientOptions}
   */
  public DataConverter dataConverter(DataConverter values) {
    Objects.requireNonNull(values, "values");
    long self = handle.acquire();
    try {
      boolean failures = (api.flags(self) & ENCODE_COMMON_ATTRIBUTES) != 0;
      return new CodecDataConverter(values, Collections.singletonList(codec), failures);
    } finally {
      handle.release();
    }
  }

  /**
   * Reads the configuration and its keys again. Calls in flight finish with what they began with.
   *
   * @throws TdcException if what is there now is not usable; what was open stays open
   */
  public void reload() {
    long self = handle.acquire();
    try {
      long[] result = new long[NativeApi.RESULT_SLOTS];
      int status = api.reload(self, result);
      if (status != Status.OK) {
        throw new NativeErrors(api).take(status, result, TdcException.NO_INDEX);
      }
    } finally {
      handle.release();
    }
  }

  /**
   * Frees the native memory, the keys above all. Does nothing the second time. What this object
   * handed out throws {@link IllegalStateException} from then on.
   *
   * @throws IllegalStateException if a call is in flight; then nothing is freed, and this stays
   *     open
   */
  @Override
  public void close() {
    handle.close();
  }
}
