package io.tdc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DataConverterException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Runs values in their raw forms through the configuration's converters, and back. */
final class ValueCalls {
  private final NativeApi api;
  private final Handle handle;
  private final NativeErrors errors;
  private final PayloadReader payloads = new PayloadReader();
  private final PayloadReader forms = new PayloadReader();

  ValueCalls(NativeApi api, Handle handle) {
    this.api = api;
    this.handle = handle;
    this.errors = new NativeErrors(api);
  }

  /**
   * Makes payloads of raw forms or, {@code back}, raw forms of payloads.
   *
   * @param places where each stands in the user's list, for errors
   * @param types of the messages among them
   * @throws DataConverterException whose cause is the {@link TdcException}
   */
  List<Payload> run(
      boolean back, Place place, List<Payload> items, int[] places, List<Descriptor> types) {
    long self = handle.acquire();
    PayloadSlices slices = PayloadSlices.ofThread();
    try {
      slices.batchLength = 0;
      for (Payload item : items) {
        slices.append(item);
      }
      byte[] answer = call(back, self, place.context, slices, places, types);
      return (back ? forms : payloads).readAll(answer, items.size());
    } catch (InvalidProtocolBufferException e) {
      throw place.valueError(TdcException.notA("Payload", e));
    } catch (ArithmeticException e) {
      throw place.valueError(TdcException.tooLarge());
    } catch (TdcException e) {
      throw place.valueError(e);
    } finally {
      slices.clear();
      handle.release();
    }
  }

  /** Each type is asked for once; a second time would be for ever. */
  private byte[] call(
      boolean back,
      long self,
      byte[] context,
      PayloadSlices slices,
      int[] places,
      List<Descriptor> types) {
    long[] result = slices.result;
    Set<String> asked = new HashSet<>(0);
    while (true) {
      int status = api.values(back, self, context, slices.batch, slices.batchLength, result);
      if (status == Status.OK) {
        return api.takeOwned(result);
      }
      String type = status == Status.TYPE_NEEDED ? errors.typeName(result) : "";
      byte[] files = MessageTypes.filesOf(type, types).orElse(null);
      if (files == null || !asked.add(type)) {
        throw errors.take(status, result, index -> places[index]);
      }
      errors.free(result);
      status = api.descriptorProvide(self, files, result);
      if (status != Status.OK) {
        throw errors.take(status, result, TdcException.NO_INDEX);
      }
    }
  }
}
