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
 * <pre>{@code driver --codec tdc|sample|java-sample|zlib [--config PATH] [--key-file PATH --key-id
 * ID] encode|decode IN OUT }</pre>
 *
 * <p>It also asks the SDK itself, or tdc where a configuration is given, for the conformance suite.
 * The files hold records then, see {@link Oracle}.
 *
 * <pre>{@code
 * driver descriptors OUT
 * driver visit-payloads IN OUT
 * driver [--config PATH] write-values|read-values|write-failures|read-failures IN OUT
 * driver write-json|read-json|read-history IN OUT
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
    if (words.size() != (words.contains("descriptors") ? 2 : 3)) {
      throw new IllegalArgumentException(USAGE);
    }
  }

  /** Runs the driver; exit status 1 with the reason on standard error if it fails. */
  public static void main(String[] arguments) {
    try {
      new Driver(arguments).run();
    } catch (Exception | UnsatisfiedLinkError e) {
      System.err.println(e.getMessage() == null ? e.toString() : e.getMessage());
      System.exit(1);
    }
  }

  private void run() throws Exception {
    switch (words.get(0)) {
      case "encode":
      case "decode":
        convert();
        break;
      case "descriptors":
        Files.write(Path.of(words.get(1)), new Messages().describe());
        break;
      default:
        ask();
    }
  }

  private void ask() throws Exception {
    Messages messages = new Messages();
    if (!options.containsKey("config")) {
      answer(new Oracle(messages, Oracle.ofSdk()));
      return;
    }
    try (Tdc tdc = Tdc.open(Path.of(option("config")))) {
      answer(new Oracle(messages, tdc.dataConverter()));
    }
  }

  private void answer(Oracle oracle) throws IOException {
    write(oracle.answer(words.get(0), read()));
  }

  private void convert() throws IOException {
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
    List<Payload> in = read();
    write(words.get(0).equals("encode") ? codec.encode(in) : codec.decode(in));
  }

  private List<Payload> read() throws IOException {
    return Payloads.parseFrom(Files.readAllBytes(Path.of(words.get(1)))).getPayloadsList();
  }

  private void write(List<Payload> payloads) throws IOException {
    Payloads answer = Payloads.newBuilder().addAllPayloads(payloads).build();
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
