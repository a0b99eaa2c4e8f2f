package io.tdc;

import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.api.failure.v1.Failure;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DataConverterException;
import io.temporal.payload.context.SerializationContext;
import java.lang.reflect.Type;
import java.util.Collections;
import java.util.Objects;
import java.util.Optional;
import javax.annotation.Nonnull;
import javax.annotation.Nullable;

/**
 * The SDK's data converter interface: values by another data converter, their payloads by the
 * codecs, and failures whole by the library.
 *
 * <p>It is the SDK's {@code CodecDataConverter} except for failures: these follow the
 * configuration, and so does the handling of malformed ones.
 */
final class TdcDataConverter implements DataConverter {
  /** As it was given: the SDK asks it for each context anew. */
  private final DataConverter values;

  private final DataConverter placed;
  private final Codec codec;
  private final Failures failures;

  TdcDataConverter(DataConverter values, Codec codec, Failures failures) {
    this(values, codec, failures, null);
  }

  private TdcDataConverter(
      DataConverter values,
      Codec codec,
      Failures failures,
      @Nullable SerializationContext context) {
    this.values = values;
    this.placed = context == null ? values : values.withContext(context);
    this.codec = context == null ? codec : codec.withContext(context);
    this.failures = failures;
  }

  @Override
  public <T> Optional<Payload> toPayload(T value) throws DataConverterException {
    return placed
        .toPayload(value)
        .map(payload -> codec.encode(Collections.singletonList(payload)).get(0));
  }

  @Override
  public <T> T fromPayload(Payload payload, Class<T> valueClass, Type valueType)
      throws DataConverterException {
    return placed.fromPayload(codec.decode(payload, 0), valueClass, valueType);
  }

  @Override
  public Optional<Payloads> toPayloads(Object... objects) throws DataConverterException {
    return placed
        .toPayloads(objects)
        .map(
            payloads ->
                Payloads.newBuilder()
                    .addAllPayloads(codec.encode(payloads.getPayloadsList()))
                    .build());
  }

  @Override
  public <T> T fromPayloads(
      int index, Optional<Payloads> content, Class<T> valueType, Type valueGenericType)
      throws DataConverterException {
    if (content.isEmpty() || index < 0 || index >= content.get().getPayloadsCount()) {
      return placed.fromPayloads(index, content, valueType, valueGenericType);
    }
    // The others are not needed now; the SDK calls once for each.
    Payload payload = codec.decode(content.get().getPayloads(index), index);
    Payloads payloads = content.get().toBuilder().setPayloads(index, payload).build();
    return placed.fromPayloads(index, Optional.of(payloads), valueType, valueGenericType);
  }

  @Override
  public Object[] fromPayloads(
      Optional<Payloads> content, Class<?>[] parameterTypes, Type[] genericParameterTypes)
      throws DataConverterException {
    Optional<Payloads> decoded =
        content.map(
            payloads ->
                Payloads.newBuilder()
                    .addAllPayloads(codec.decode(payloads.getPayloadsList()))
                    .build());
    return placed.fromPayloads(decoded, parameterTypes, genericParameterTypes);
  }

  @Nonnull
  @Override
  public Failure exceptionToFailure(@Nonnull Throwable throwable) {
    return failures.of(codec.context(), placed, Objects.requireNonNull(throwable, "throwable"));
  }

  @Nonnull
  @Override
  public RuntimeException failureToException(@Nonnull Failure failure) {
    return failures.exception(codec.context(), placed, Objects.requireNonNull(failure, "failure"));
  }

  @Nonnull
  @Override
  public DataConverter withContext(@Nonnull SerializationContext context) {
    Objects.requireNonNull(context, "context");
    return new TdcDataConverter(values, codec, failures, context);
  }
}
