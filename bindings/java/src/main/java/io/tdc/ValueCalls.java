package io.tdc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DataConverterException;
import java.util.List;

/** Runs values in their raw forms through the configuration's converters, and back. */
final class ValueCalls {
  private final Host host;
  private final Workflow workflow;

  ValueCalls(Host host, Workflow workflow) {
    this.host = host;
    this.workflow = workflow;
  }

  /**
   * Makes payloads of raw forms or, {@code back}, raw forms of payloads.
   *
   * @param places where each is in the user's list, for errors
   * @param types of the messages among them
   * @throws DataConverterException whose cause is the {@link TdcException}
   */
  List<Payload> run(
      boolean back, Context context, List<Payload> items, int[] places, List<Descriptor> types) {
    PayloadSlices slices = PayloadSlices.ofThread();
    try (Host.Call call = host.begin()) {
      call.places = places;
      call.types = types;
      int status;
      do {
        slices.set(items);
        status = Boundary.values(back, call, context.message, slices.batch, slices.batchLength);
      } while (call.again(status));
      return slices.reader.readAll(call.takeAnswer(), items.size());
    } catch (InvalidProtocolBufferException | ArithmeticException e) {
      throw workflow.valueError(context, TdcException.of(e));
    } catch (TdcException e) {
      throw workflow.valueError(context, e);
    } finally {
      slices.clear();
    }
  }
}
