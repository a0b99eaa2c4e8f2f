package io.tdc;

import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.context.SerializationContext;
import java.util.List;
import java.util.Objects;
import javax.annotation.Nonnull;

/** The SDK's codec interface over the native codecs, in one place or in none. */
final class TdcPayloadCodec implements PayloadCodec {
  private final CodecCalls calls;
  private final Place place;

  /**
   * The SDK asks with the same context for every payload of a workflow: the last answer is kept.
   */
  private volatile InContext last = new InContext(null, this);

  TdcPayloadCodec(CodecCalls calls, Place place) {
    this.calls = calls;
    this.place = place;
  }

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    try {
      return calls.run(true, place.context, Objects.requireNonNull(payloads, "payloads"));
    } catch (TdcException e) {
      throw place.error(e);
    }
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    try {
      return calls.run(false, place.context, Objects.requireNonNull(payloads, "payloads"));
    } catch (TdcException e) {
      throw place.decodeError(e);
    }
  }

  /** Decodes one payload of a list, whose place in it an error names. */
  Payload decode(Payload payload, int index) {
    try {
      return calls.decode(place.context, payload, index);
    } catch (TdcException e) {
      throw place.decodeError(e);
    }
  }

  /** Where the payloads are. */
  Place place() {
    return place;
  }

  @Nonnull
  @Override
  public TdcPayloadCodec withContext(@Nonnull SerializationContext newContext) {
    Objects.requireNonNull(newContext, "context");
    InContext known = last;
    if (known.context != newContext) {
      known = new InContext(newContext, new TdcPayloadCodec(calls, place.at(newContext)));
      last = known;
    }
    return known.codec;
  }

  private static final class InContext {
    final SerializationContext context;
    final TdcPayloadCodec codec;

    InContext(SerializationContext context, TdcPayloadCodec codec) {
      this.context = context;
      this.codec = codec;
    }
  }
}
