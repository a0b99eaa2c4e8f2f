package io.tdc;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import java.nio.file.Path;
import java.util.List;

/**
 * The one call under this package's converters, for measuring it: bytes go in and come out, where
 * the converters take messages. It is in this package because that call is not public.
 */
public final class Conversion {
  private static final int[] FIRST = {0};

  private final ValueCalls calls;

  /**
   * Opens a configuration.
   *
   * @param document as for {@link Tdc#parse}
   */
  public Conversion(String document) {
    Handle handle = Handle.open(Path.of("."), document, null);
    calls = new ValueCalls(new Host(handle, Outside.none()), new Workflow(false));
  }

  /**
   * Makes JSON of a message, or a message of JSON.
   *
   * @param payload the message, {@code json/protobuf} or {@code binary/protobuf}
   * @return the contents of the payload in the other form
   */
  public ByteString convert(Payload payload) {
    boolean back = payload.getMetadataOrThrow("encoding").toStringUtf8().equals("json/protobuf");
    return calls.run(back, Context.none(), List.of(payload), FIRST, List.of()).get(0).getData();
  }
}
