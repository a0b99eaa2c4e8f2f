package io.tdc;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The one call under this package's converters, for measuring it: bytes go in and come out, where
 * the converters take messages. It stands in this package because that call is not public.
 */
public final class Boundary {
  private static final int[] FIRST = {0};

  private final Handle handle;
  private final ValueCalls calls;

  /**
   * Opens a configuration.
   *
   * @param document as for {@link Tdc#parse}
   */
  public Boundary(String document) {
    NativeApi api = TdcLibrary.api();
    long[] result = new long[NativeApi.RESULT_SLOTS];
    byte[] here = ".".getBytes(StandardCharsets.UTF_8);
    int status = api.parse(document.getBytes(StandardCharsets.UTF_8), here, null, result);
    if (status != Status.OK) {
      throw new NativeErrors(api).take(status, result, TdcException.NO_INDEX);
    }
    handle = new Handle(api, result[NativeApi.POINTER]);
    calls = new ValueCalls(api, handle);
  }

  /**
   * Makes JSON of a message, or a message of JSON.
   *
   * @param payload the message, {@code json/protobuf} or {@code binary/protobuf}
   * @return the contents of the payload in the other form
   */
  public ByteString convert(Payload payload) {
    boolean back = payload.getMetadataOrThrow("encoding").toStringUtf8().equals("json/protobuf");
    return calls.run(back, Place.anywhere(false), List.of(payload), FIRST, List.of()).get(0).getData();
  }
}
