package io.tdc;

import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DataConverterException;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.payload.context.SerializationContext;
import java.lang.reflect.Type;
import java.util.Optional;
import javax.annotation.Nonnull;

/**
 * The configuration's converters: the SDK's own if they are the default list, else the library's. A
 * reload may change that, so each call asks.
 */
final class PayloadConverters implements DataConverter {
  private final Handle handle;
  private final DataConverter sdks;
  private final DataConverter librarys;

  PayloadConverters(Handle handle, ValueCalls calls, PayloadConverter... own) {
    this(
        handle,
        new DefaultDataConverter(
            new OwnConverters(own, DefaultDataConverter.STANDARD_PAYLOAD_CONVERTERS).all()),
        new Values(calls, own));
  }

  private PayloadConverters(Handle handle, DataConverter sdks, DataConverter librarys) {
    this.handle = handle;
    this.sdks = sdks;
    this.librarys = librarys;
  }

  private DataConverter now() {
    handle.requireOpen();
    return handle.has(Abi.FLAG_CONVERTERS) ? librarys : sdks;
  }

  @Override
  public <T> Optional<Payload> toPayload(T value) throws DataConverterException {
    return now().toPayload(value);
  }

  @Override
  public <T> T fromPayload(Payload payload, Class<T> valueClass, Type valueType)
      throws DataConverterException {
    return now().fromPayload(payload, valueClass, valueType);
  }

  @Override
  public Optional<Payloads> toPayloads(Object... values) throws DataConverterException {
    return now().toPayloads(values);
  }

  @Override
  public <T> T fromPayloads(
      int index, Optional<Payloads> content, Class<T> valueType, Type valueGenericType)
      throws DataConverterException {
    return now().fromPayloads(index, content, valueType, valueGenericType);
  }

  @Override
  public Object[] fromPayloads(
      Optional<Payloads> content, Class<?>[] parameterTypes, Type[] genericParameterTypes)
      throws DataConverterException {
    return now().fromPayloads(content, parameterTypes, genericParameterTypes);
  }

  @Nonnull
  @Override
  public DataConverter withContext(@Nonnull SerializationContext context) {
    return new PayloadConverters(handle, sdks.withContext(context), librarys.withContext(context));
  }
}
