import com.google.protobuf.util.JsonFormat;
import io.tdc.Tdc;
import io.temporal.api.common.v1.Payloads;
import io.temporal.common.converter.DataConverter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Encodes a text into a file of payloads as JSON, or prints the text that such a file holds: {@code
 * Roundtrip encode|decode CONFIG FILE [TEXT]}.
 */
public final class Roundtrip {
  private Roundtrip() {}

  /** Converts as a client would. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[2]);
    try (Tdc tdc = Tdc.open(Path.of(arguments[1]))) {
      DataConverter converter = tdc.dataConverter();
      if (arguments[0].equals("encode")) {
        Payloads payloads = converter.toPayloads(arguments[3]).orElseThrow();
        Files.writeString(file, JsonFormat.printer().print(payloads));
      } else {
        Payloads.Builder payloads = Payloads.newBuilder();
        JsonFormat.parser().merge(Files.readString(file), payloads);
        System.out.println(
            converter.fromPayloads(
                0, Optional.of(payloads.build()), String.class, String.class));
      }
    }
  }
}
