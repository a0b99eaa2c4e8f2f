package io.tdc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.common.converter.ByteArrayPayloadConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DataConverterException;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.JacksonJsonPayloadConverter;
import io.temporal.common.converter.NullPayloadConverter;
import io.temporal.common.converter.PayloadConverter;
import io.temporal.common.converter.ProtobufPayloadConverter;
import io.temporal.common.converter.RawValue;
import io.temporal.payload.context.SerializationContext;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import javax.annotation.Nonnull;
import javax.annotation.Nullable;

/**
 * The configuration's converters as the SDK's interface. The SDK's own payload converters turn a
 * value into a raw form (null, bytes, a serialised message, JSON by Jackson), and the library turns
 * that into a payload, which is then the same in every language.
 */
final class Values implements DataConverter {
  private static final String ENCODING = "encoding";
  private static final String MESSAGE_TYPE = "messageType";

  private final ValueCalls calls;

  /** The user's own that go before the configuration's, and what reads their payloads. */
  private final List<PayloadConverter> before;

  private final DataConverter readBefore;

  /** Between values and raw forms. */
  private final DataConverter raw;

  @Nullable private final SerializationContext context;

  /** Made of {@link #context} when it is first needed: many contexts never convert a value. */
  @Nullable private volatile Context place;

  Values(ValueCalls calls, PayloadConverter... own) {
    OwnConverters converters =
        new OwnConverters(
            own,
            new NullPayloadConverter(),
            new ByteArrayPayloadConverter(),
            new ProtobufPayloadConverter(),
            new JacksonJsonPayloadConverter());
    this.calls = calls;
    this.before = converters.before;
    this.readBefore = new DefaultDataConverter(before.toArray(new PayloadConverter[0]));
    this.raw = new DefaultDataConverter(converters.list.toArray(new PayloadConverter[0]));
    this.context = null;
    this.place = Context.none();
  }

  private Values(Values other, SerializationContext context) {
    this.calls = other.calls;
    this.before = other.before;
    this.readBefore = other.readBefore.withContext(context);
    this.raw = other.raw.withContext(context);
    this.context = context;
  }

  @Nonnull
  @Override
  public DataConverter withContext(@Nonnull SerializationContext newContext) {
    return new Values(this, newContext);
  }

  @Override
  public <T> Optional<Payload> toPayload(T value) throws DataConverterException {
    return Optional.of(write(value)[0]);
  }

  @Override
  public Optional<Payloads> toPayloads(Object... values) throws DataConverterException {
    return values == null || values.length == 0
        ? Optional.empty()
        : Optional.of(Payloads.newBuilder().addAllPayloads(Arrays.asList(write(values))).build());
  }

  @Override
  public <T> T fromPayload(Payload payload, Class<T> valueClass, Type valueType)
      throws DataConverterException {
    return fromPayload(0, payload, valueClass, valueType);
  }

  @Override
  public <T> T fromPayloads(
      int index, Optional<Payloads> content, Class<T> valueType, Type valueGenericType)
      throws DataConverterException {
    return content.isPresent() && index < content.get().getPayloadsCount()
        ? fromPayload(index, content.get().getPayloads(index), valueType, valueGenericType)
        : raw.fromPayloads(index, Optional.empty(), valueType, valueGenericType);
  }

  @Override
  public Object[] fromPayloads(
      Optional<Payloads> content, Class<?>[] parameterTypes, Type[] genericParameterTypes)
      throws DataConverterException {
    List<Payload> payloads = content.map(Payloads::getPayloadsList).orElse(List.of());
    int count = Math.min(payloads.size(), parameterTypes.length);
    // Checks the arguments, and gives the defaults of parameters that have no payload.
    Object[] values =
        raw.fromPayloads(
            Optional.empty(), parameterTypes, erased(parameterTypes, genericParameterTypes));
    Batch batch = new Batch(count, 0);
    for (int i = 0; i < count; i++) {
      batch.read(i, payloads.get(i), parameterTypes[i]);
    }
    Payload[] forms = batch.convert(true);
    for (int i = 0; i < count; i++) {
      values[i] = read(payloads.get(i), forms[i], parameterTypes[i], genericParameterTypes[i]);
    }
    return values;
  }

  /**
   * A default depends on the class alone; SDK 1.30 looks for it with the generic type, which it
   * takes for a class.
   */
  private static Type[] erased(Class<?>[] parameterTypes, Type[] genericParameterTypes) {
    return genericParameterTypes != null && genericParameterTypes.length == parameterTypes.length
        ? parameterTypes
        : genericParameterTypes;
  }

  private Context place() {
    Context known = place;
    if (known == null) {
      known = Context.of(context);
      place = known;
    }
    return known;
  }

  private <T> T fromPayload(int index, Payload payload, Class<T> valueClass, Type valueType) {
    Batch batch = new Batch(1, index);
    batch.read(0, payload, valueClass);
    return read(payload, batch.convert(true)[0], valueClass, valueType);
  }

  private Payload[] write(Object... values) {
    Batch batch = new Batch(values.length, 0);
    for (int i = 0; i < values.length; i++) {
      batch.write(i, values[i]);
    }
    return batch.convert(false);
  }

  private <T> T read(Payload payload, Payload form, Class<T> valueClass, Type valueType) {
    if (isNotForTheLibrary(payload, valueClass)) {
      return readBefore.fromPayload(payload, valueClass, valueType);
    }
    return raw.fromPayload(asNamedIn(payload, form), valueClass, valueType);
  }

  private boolean isNotForTheLibrary(Payload payload, Class<?> valueClass) {
    if (valueClass == RawValue.class) {
      return true;
    }
    if (before.isEmpty()) {
      return false;
    }
    String encoding = payload.getMetadataOrDefault(ENCODING, ByteString.EMPTY).toStringUtf8();
    return before.stream().anyMatch(each -> each.getEncodingType().equals(encoding));
  }

  /** As in the SDK, the class that is wanted says the type, whatever the payload does. */
  private static Payload named(Payload payload, Descriptor type) {
    ByteString name = ByteString.copyFromUtf8(type.getFullName());
    return name.equals(payload.getMetadataOrDefault(MESSAGE_TYPE, null))
        ? payload
        : payload.toBuilder().putMetadata(MESSAGE_TYPE, name).build();
  }

  /** With the payload's own word for its type: the SDK warns if it is not the wanted one. */
  private static Payload asNamedIn(Payload payload, Payload form) {
    ByteString name = payload.getMetadataOrDefault(MESSAGE_TYPE, null);
    ByteString given = form.getMetadataOrDefault(MESSAGE_TYPE, null);
    if (given == null || given.equals(name)) {
      return form;
    }
    Payload.Builder renamed = form.toBuilder();
    return (name == null
            ? renamed.removeMetadata(MESSAGE_TYPE)
            : renamed.putMetadata(MESSAGE_TYPE, name))
        .build();
  }

  /** A list of which the library converts some. */
  private final class Batch {
    private final int first;
    private final Payload[] all;
    private final int[] places;
    private final List<Payload> items;
    private final List<Descriptor> types = new ArrayList<>(0);

    /** Which messages the user's converter writes without their type. */
    private final BitSet nameless = new BitSet(0);

    /** {@code first} is the index of the first one in the user's list. */
    Batch(int size, int first) {
      this.first = first;
      all = new Payload[size];
      places = new int[size];
      items = new ArrayList<>(size);
    }

    void write(int at, @Nullable Object value) {
      if (value instanceof RawValue) {
        all[at] = ((RawValue) value).getPayload();
        return;
      }
      for (PayloadConverter converter : before) {
        Optional<Payload> payload =
            (context == null ? converter : converter.withContext(context)).toData(value);
        if (payload.isPresent()) {
          all[at] = payload.get();
          return;
        }
      }
      Object plain =
          value instanceof Message.Builder ? ((Message.Builder) value).buildPartial() : value;
      Descriptor type =
          plain instanceof MessageOrBuilder
              ? ((MessageOrBuilder) plain).getDescriptorForType()
              : null;
      Payload form = raw.toPayload(plain).orElseThrow();
      if (type != null && !form.containsMetadata(MESSAGE_TYPE)) {
        // The user's converter leaves the type out, and the library needs it meanwhile.
        nameless.set(at);
        form = named(form, type);
      }
      add(at, form, type);
    }

    void read(int at, Payload payload, Class<?> valueClass) {
      if (isNotForTheLibrary(payload, valueClass)) {
        all[at] = payload;
        return;
      }
      Descriptor type = MessageTypes.of(valueClass);
      add(at, type == null ? payload : named(payload, type), type);
    }

    Payload[] convert(boolean back) {
      if (!items.isEmpty()) {
        List<Payload> converted = calls.run(back, place(), items, places, types);
        for (int i = 0; i < converted.size(); i++) {
          int at = places[i] - first;
          Payload payload = converted.get(i);
          all[at] =
              nameless.get(at) ? payload.toBuilder().removeMetadata(MESSAGE_TYPE).build() : payload;
        }
      }
      return all;
    }

    private void add(int at, Payload item, @Nullable Descriptor type) {
      places[items.size()] = first + at;
      items.add(item);
      if (type != null) {
        types.add(type);
      }
    }
  }
}
