package io.tdc.peers;

import io.tdc.Tdc;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.Payloads;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.ZlibPayloadCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Encodes or decodes one file of serialised {@code Payloads} through the SDK's codec interface.
 *
 * <pre>{@code
 * driver --codec tdc|sample|java-sample|zlib [--config PATH] [--key-file PATH --key-id ID] encode|decode IN OUT
 * }</pre>
 */
public final class Driver {
  private static final String USAGE =
      "usage: driver --codec tdc|sample|java-sample|zlib [--config PATH] [--key-file PATH --key-id ID]"
          + " encode|decode IN OUT";

  private final Map<String, String> options = new HashMap<>();
  private final List<String> words = new ArrayList<>();

  private Driver(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (!arguments[i].startsWith("--")) {
        words.add(arguments[i]);
      } else if (i + 1 < arguments.length) {
        options.put(arguments[i].substring(2), arguments[++i]);
      } else {
        throw new IllegalArgumentException(USAGE);
      }
    }
    if (words.size() != 3) {
      throw new IllegalArgumentException(USAGE);
    }
  }

  /** Runs the driver; exit status 1 with the reason on standard error if it fails. */
  public static void main(String[] arguments) {
    try {
      new Driver(arguments).run();
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      System.err.println(e.getMessage() == null ? e.toString() : e.getMessage());
      System.exit(1);
    }
  }

  private void run() throws IOException {
    String codec = option("codec");
    switch (codec) {
      case "tdc":
        try (Tdc tdc = Tdc.open(Path.of(option("config")))) {
          apply(tdc.payloadCodec());
        }
        break;
      case "sample":
        apply(new SampleCodec(option("key-id"), key()));
        break;
      case "java-sample":
        apply(SampleCodec.ofJavaSample(key()));
        break;
      case "zlib":
        apply(new ZlibPayloadCodec());
        break;
      default:
        throw new IllegalArgumentException("unknown codec " + codec + "\n" + USAGE);
    }
  }

  private void apply(PayloadCodec codec) throws IOException {
    List<Payload> in =
        Payloads.parseFrom(Files.readAllBytes(Path.of(words.get(1)))).getPayloadsList();
    List<Payload> out;
    switch (words.get(0)) {
      case "encode":
        out = codec.encode(in);
        break;
      case "decode":
        out = codec.decode(in);
        break;
      default:
        throw new IllegalArgumentException(USAGE);
    }
    Payloads answer = Payloads.newBuilder().addAllPayloads(out).build();
    Files.write(Path.of(words.get(2)), answer.toByteArray());
  }

  private byte[] key() throws IOException {
    return Base64.getDecoder().decode(Files.readString(Path.of(option("key-file"))).strip());
  }

  private String option(String name) {
    String value = options.get(name);
    if (value == null) {
      throw new IllegalArgumentException("--" + name + " is missing\n" + USAGE);
    }
    return value;
  }
}
