package io.tdc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.context.SerializationContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import javax.annotation.Nonnull;
import javax.annotation.Nullable;

/**
 * The SDK's codec interface over the native codecs.
 *
 * <p>One payload crosses as it is, in two slices. Several small ones cross together; a list that is
 * too large to be worth copying crosses payload by payload, and the library counts what they use of
 * its limits together. Where a codec server is asked, every list crosses together, so that it is
 * one request.
 */
final class Codec implements PayloadCodec {
  /** Above this many bytes the copies of a batch cost more than the calls that it saves. */
  private static final int MAX_BATCH = 64 * 1024;

  private final Host host;
  private final Workflow workflow;
  private final Context context;

  /** The SDK passes the same context for every payload of a workflow: the last result is cached. */
  private volatile InContext last = new InContext(null, this);

  Codec(Host host, Workflow workflow) {
    this(host, workflow, Context.none());
  }

  private Codec(Host host, Workflow workflow, Context context) {
    this.host = host;
    this.workflow = workflow;
    this.context = context;
  }

  /** Where the payloads are. */
  Context context() {
    return context;
  }

  @Nonnull
  @Override
  public Codec withContext(@Nonnull SerializationContext newContext) {
    Objects.requireNonNull(newContext, "context");
    InContext known = last;
    if (known.context != newContext) {
      known = new InContext(newContext, new Codec(host, workflow, Context.of(newContext)));
      last = known;
    }
    return known.codec;
  }

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    try {
      return run(true, Objects.requireNonNull(payloads, "payloads"));
    } catch (TdcException e) {
      throw workflow.error(context, e);
    }
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    try {
      return run(false, Objects.requireNonNull(payloads, "payloads"));
    } catch (TdcException e) {
      throw workflow.decodeError(context, e);
    }
  }

  /** Decodes one payload of a list, whose place in it an error names. */
  Payload decode(Payload payload, int index) {
    try (Host.Call call = host.begin()) {
      return one(false, call, payload, index);
    } catch (TdcException e) {
      throw workflow.decodeError(context, e);
    }
  }

  private List<Payload> run(boolean encode, List<Payload> payloads) {
    try (Host.Call call = host.begin()) {
      if (payloads.size() == 1) {
        return Collections.singletonList(one(encode, call, payloads.get(0), 0));
      }
      if (call.isRemote() || fits(payloads) || (!encode && mayUnwrap(call, payloads))) {
        return together(encode, call, payloads);
      }
      List<Payload> answers = new ArrayList<>(payloads.size());
      for (Payload payload : payloads) {
        answers.add(one(encode, call, payload, answers.size()));
      }
      return Collections.unmodifiableList(answers);
    }
  }

  /** Several data keys to unwrap are asked for together, if the library sees them together. */
  private static boolean mayUnwrap(Host.Call call, List<Payload> payloads) {
    if (!call.hasKeyServices()) {
      return false;
    }
    ByteString first = payloads.get(0).getMetadataMap().get(PayloadFields.WRAPPED_KEY);
    for (Payload payload : payloads) {
      if (!Objects.equals(first, payload.getMetadataMap().get(PayloadFields.WRAPPED_KEY))) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(List<Payload> payloads) {
    long size = 0;
    for (Payload payload : payloads) {
      size += payload.getData().size();
    }
    return size <= MAX_BATCH;
  }

  private Payload one(boolean encode, Host.Call call, Payload payload, int index) {
    call.index = index;
    PayloadSlices slices = PayloadSlices.ofThread();
    try {
      int room = 0;
      while (true) {
        // Set again for each try: a key provider that uses this library itself has overwritten
        // them.
        slices.set(payload);
        int length = slices.length();
        room = Math.max(room, encode ? Math.addExact(length, call.growth()) : decoded(slices));
        int status = Backend.payload(encode, call, context.message, slices, room);
        if (status == Abi.ERR_BUFFER_TOO_SMALL) {
          room = Math.toIntExact(call.takeSizeNeeded(length, room));
        } else if (!call.again(status)) {
          return status == Abi.UNCHANGED ? payload : answer(call, slices);
        }
      }
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      throw TdcException.of(e);
    } finally {
      slices.clear();
    }
  }

  /**
   * The room for a decoded payload: a decrypted one is shorter than what the data was. Decompressed
   * data has a buffer of its own.
   */
  private static int decoded(PayloadSlices slices) {
    return slices.dataLength > 0 ? slices.dataLength : slices.length();
  }

  private Payload answer(Host.Call call, PayloadSlices slices)
      throws InvalidProtocolBufferException {
    long[] words = call.words;
    byte[] bytes = call.takePayload();
    int length = Math.toIntExact(words[Boundary.LEN]);
    int offset = (int) words[Boundary.DATA_OFFSET];
    return slices.reader.read(bytes, length, offset, (int) words[Boundary.DATA_LEN]);
  }

  private List<Payload> together(boolean encode, Host.Call call, List<Payload> payloads) {
    PayloadSlices slices = PayloadSlices.ofThread();
    try {
      int status;
      do {
        slices.set(payloads);
        status = Backend.payloads(encode, call, context.message, slices.batch, slices.batchLength);
      } while (call.again(status));
      return slices.reader.readAll(call.takeAnswer(), payloads.size());
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      throw TdcException.of(e);
    } finally {
      slices.clear();
    }
  }

  private static final class InContext {
    @Nullable final SerializationContext context;
    final Codec codec;

    InContext(@Nullable SerializationContext context, Codec codec) {
      this.context = context;
      this.codec = codec;
    }
  }
}
