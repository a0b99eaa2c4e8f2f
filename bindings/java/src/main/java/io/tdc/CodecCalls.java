package io.tdc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Runs payloads through the native codecs.
 *
 * <p>One payload crosses as it is, in two slices. Several small ones cross together; a list that is
 * too large to be worth copying crosses payload by payload, and the library counts what they use of
 * its limits together. Where a codec server is asked, every list crosses together, so that it is
 * one request.
 */
final class CodecCalls {
  /** Above this many bytes the copies of a batch cost more than the calls that it saves. */
  private static final int MAX_BATCH = 64 * 1024;

  /** An answer that leaves more than this part of its array unused is moved to one that fits. */
  private static final int WASTE_DIVISOR = 8;

  private static final int SMALL = 1024;

  private final NativeApi api;
  private final Handle handle;
  private final NativeErrors errors;
  private final Host host;
  private final PayloadReader encoded = new PayloadReader();
  private final PayloadReader decoded = new PayloadReader();

  /**
   * How much longer a small payload can get. A reload can make it wrong; the library then says so.
   */
  private volatile int growthOfSmall;

  CodecCalls(NativeApi api, Handle handle, Host host) {
    this.api = api;
    this.handle = handle;
    this.errors = new NativeErrors(api);
    this.host = host;
  }

  /** Encodes or decodes all of them, in order, in the place that {@code context} describes. */
  List<Payload> run(boolean encode, byte[] context, List<Payload> payloads) {
    long self = handle.acquire();
    PayloadSlices slices = PayloadSlices.ofThread();
    try {
      if (payloads.size() == 1) {
        return Collections.singletonList(
            one(encode, self, context, slices, null, payloads.get(0), 0));
      }
      return handle.isRemote() || fits(payloads)
          ? together(encode, self, context, slices, payloads)
          : oneByOne(encode, self, context, slices, payloads);
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      throw fault(e);
    } finally {
      slices.clear();
      handle.release();
    }
  }

  /** Decodes one payload of a list, whose place in it an error names. */
  Payload decode(byte[] context, Payload payload, int index) {
    long self = handle.acquire();
    PayloadSlices slices = PayloadSlices.ofThread();
    try {
      return one(false, self, context, slices, null, payload, index);
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      throw fault(e);
    } finally {
      slices.clear();
      handle.release();
    }
  }

  private static TdcException fault(Exception e) {
    if (e instanceof InvalidProtocolBufferException) {
      // Strange, but a payload's maker can do that.
      return TdcException.notA("Payload", (InvalidProtocolBufferException) e);
    }
    return TdcException.tooLarge();
  }

  private static boolean fits(List<Payload> payloads) {
    long size = 0;
    for (Payload payload : payloads) {
      size += payload.getData().size();
    }
    return size <= MAX_BATCH;
  }

  private List<Payload> oneByOne(
      boolean encode, long self, byte[] context, PayloadSlices slices, List<Payload> payloads)
      throws InvalidProtocolBufferException {
    List<Payload> answers = new ArrayList<>(payloads.size());
    long[] usage = new long[NativeApi.USAGE_SLOTS];
    for (Payload payload : payloads) {
      answers.add(one(encode, self, context, slices, usage, payload, answers.size()));
    }
    return Collections.unmodifiableList(answers);
  }

  private Payload one(
      boolean encode,
      long self,
      byte[] context,
      PayloadSlices slices,
      @Nullable long[] usage,
      Payload payload,
      int index)
      throws InvalidProtocolBufferException {
    for (int round = 0, room = 0; round < Host.MAX_ROUNDS; ) {
      // In each round anew: a key provider that uses this library itself has overwritten them.
      slices.set(payload);
      slices.usage = usage;
      int length = slices.length();
      room = Math.max(room, encode ? room(self, length) : length);
      byte[] out = new byte[room];
      int status = api.payload(encode, self, context, slices, out);
      switch (status) {
        case Status.OK:
          return answer(encode, slices.result, out);
        case Status.UNCHANGED:
          return payload;
        case Status.BUFFER_TOO_SMALL:
          room = Math.toIntExact(errors.takeSizeNeeded(slices.result));
          round++;
          break;
        default:
          round += host.settle(status, self, slices.result, index);
      }
    }
    throw Host.unsettled();
  }

  /**
   * The library's bound; for small payloads, where asking would cost, the one that fits them all.
   */
  private int room(long self, int length) {
    if (length > SMALL) {
      return Math.toIntExact(api.bound(true, self, length));
    }
    int growth = growthOfSmall;
    if (growth == 0) {
      growth = Math.toIntExact(api.bound(true, self, SMALL)) - SMALL;
      growthOfSmall = growth;
    }
    return length + growth;
  }

  private Payload answer(boolean encode, long[] result, byte[] out)
      throws InvalidProtocolBufferException {
    int length = Math.toIntExact(result[NativeApi.LEN]);
    byte[] bytes = out;
    if (result[NativeApi.OWNED] != 0) {
      bytes = api.takeOwned(result);
    } else if (out.length - length > out.length / WASTE_DIVISOR) {
      bytes = Arrays.copyOf(out, length);
    }
    int offset = (int) result[NativeApi.DATA_OFFSET];
    return reader(encode).read(bytes, length, offset, (int) result[NativeApi.DATA_LEN]);
  }

  private List<Payload> together(
      boolean encode, long self, byte[] context, PayloadSlices slices, List<Payload> payloads)
      throws InvalidProtocolBufferException {
    long[] result = slices.result;
    for (int round = 0; round < Host.MAX_ROUNDS; ) {
      slices.batchLength = 0;
      for (Payload payload : payloads) {
        slices.append(payload);
      }
      int status = api.payloads(encode, self, context, slices.batch, slices.batchLength, result);
      if (status == Status.OK) {
        return reader(encode).readAll(api.takeOwned(result), payloads.size());
      }
      round += host.settle(status, self, result, TdcException.NO_INDEX);
    }
    throw Host.unsettled();
  }

  private PayloadReader reader(boolean encode) {
    return encode ? encoded : decoded;
  }
}
