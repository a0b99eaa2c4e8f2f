package io.tdc.peers;

import io.tdc.Tdc;
import io.tdc.TdcLibrary;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.ZlibPayloadCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Compares tdc with its peers, alternating within each case, and writes one JSON line for each
 * pair.
 *
 * <pre>{@code
 * bench LANG OUT.jsonl [--quick] [--only CODEC]
 * }</pre>
 */
public final class Bench {
  private static final int[] SIZES = {64, 1 << 10, 8 << 10, 64 << 10, 1 << 20};
  private static final int[] BATCHES = {1, 32};
  private static final String KEY_ID = "bench-key";
  private static final byte[] KEY =
      "bench-key-bench-key-bench-key-32".getBytes(StandardCharsets.US_ASCII);

  /** Java's AES runs in the interpreter for its first calls; at 1 MiB that is 600 of them. */
  private static final int WARM_UP_CALLS = 700;

  private static final int WARM_UP_ROUNDS = 5;

  /** What else the JIT wants to see of a case before it is done with it. */
  private static final int WARM_UP_BYTES = 8 << 20;

  private final String lang;
  private final Path results;
  private final int rounds;
  private final long roundNanos;
  @Nullable private final String only;

  private Bench(String lang, Path results, boolean quick, @Nullable String only) {
    this.lang = lang;
    this.results = results;
    this.only = only;
    this.rounds = quick ? 7 : 21;
    this.roundNanos = quick ? 6_000_000L : 25_000_000L;
  }

  /** Runs every case. */
  public static void main(String[] arguments) throws IOException {
    List<String> options = List.of(arguments).subList(2, arguments.length);
    int only = options.indexOf("--only");
    new Bench(
            arguments[0],
            Path.of(arguments[1]),
            options.contains("--quick"),
            only < 0 ? null : options.get(only + 1))
        .run();
  }

  private void run() throws IOException {
    System.out.printf(
        "%n%s: %s, Java %s%n", lang, TdcLibrary.description(), System.getProperty("java.version"));
    System.out.printf(
        "%-13s %-7s %8s %5s %11s %-10s %11s %6s%n",
        "codec", "op", "size", "batch", "tdc ns", "peer", "peer ns", "ratio");
    try (Tdc encrypt = Tdc.parse(encryption(""), Path.of("."));
        Tdc envelope = Tdc.parse(encryption(", envelope: true"), Path.of("."));
        Tdc zlib = Tdc.parse(compression(), Path.of("."));
        Tdc msgpack = Tdc.parse("{version: 1, codecs: [msgpack]}", Path.of("."));
        Tdc values = Tdc.parse(MessageContenders.CONFIG, Path.of("."))) {
      Map<String, PayloadCodec> ciphers = new LinkedHashMap<>();
      ciphers.put("tdc", encrypt.payloadCodec());
      ciphers.put("sample", new SampleCodec(KEY_ID, KEY));
      ciphers.put("tuned", new TunedCodec(KEY_ID, KEY));
      Map<String, PayloadCodec> envelopes = new LinkedHashMap<>();
      envelopes.put("tdc", envelope.payloadCodec());
      envelopes.put("encrypt", encrypt.payloadCodec());
      Map<String, PayloadCodec> compressors = new LinkedHashMap<>();
      compressors.put("tdc", zlib.payloadCodec());
      compressors.put("zlib", new ZlibPayloadCodec());
      Map<String, PayloadCodec> packers = new LinkedHashMap<>();
      packers.put("tdc", msgpack.payloadCodec());
      packers.put("msgpack", new MessagePackCodec());
      if (measures("encrypt")) {
        warmUp(ciphers);
      }
      for (int batch : BATCHES) {
        for (int size : SIZES) {
          compare("encrypt", ciphers, Contender.texts(size, batch), size);
        }
      }
      if (measures("envelope")) {
        warmUp(envelopes);
      }
      for (int batch : BATCHES) {
        for (int size : SIZES) {
          compare("envelope", envelopes, Contender.texts(size, batch), size);
        }
      }
      for (int size : SIZES) {
        if (size >= 1 << 10) {
          compare("zlib", compressors, Contender.texts(size, 1), size);
        }
      }
      for (int size : MessageContenders.SIZES) {
        compare("msgpack", packers, List.of(Orders.payload(size)), size);
      }
      MessageContenders messages = new MessageContenders(values);
      for (int size : MessageContenders.SIZES) {
        compare("json-protobuf", "encode", size, 1, messages.wireToJson(size));
        compare("json-protobuf", "decode", size, 1, messages.jsonToWire(size));
        compare("converter", "encode", size, 1, messages.toPayload(size));
        compare("converter", "decode", size, 1, messages.fromPayload(size));
      }
    }
  }

  private static void warmUp(Map<String, PayloadCodec> codecs) {
    for (int size : SIZES) {
      warmUp(codecs, Contender.texts(size, 1), size < 1 << 20 ? 5 : 1);
      if (size <= 8 << 10) {
        warmUp(codecs, Contender.texts(size, 32), 1);
      }
    }
  }

  private static void warmUp(Map<String, PayloadCodec> codecs, List<Payload> values, int times) {
    for (PayloadCodec codec : codecs.values()) {
      for (int i = 0; i < times * WARM_UP_CALLS; i++) {
        codec.decode(codec.encode(values));
      }
    }
  }

  private boolean measures(String codec) {
    return only == null || only.equals(codec);
  }

  private void compare(
      String codec, Map<String, PayloadCodec> codecs, List<Payload> values, int size)
      throws IOException {
    List<Contender> encoding = new ArrayList<>();
    List<Contender> decoding = new ArrayList<>();
    codecs.forEach((name, each) -> encoding.add(Contender.encoding(name, each, values)));
    codecs.forEach((name, each) -> decoding.add(Contender.decoding(name, each, values)));
    compare(codec, "encode", size, values.size(), encoding);
    compare(codec, "decode", size, values.size(), decoding);
  }

  /** Measures contenders, of which tdc is the first. */
  private void compare(String codec, String op, int size, int batch, List<Contender> contenders)
      throws IOException {
    if (!measures(codec)) {
      return;
    }
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      for (Contender contender : contenders) {
        contender.run(roundNanos, WARM_UP_BYTES / WARM_UP_ROUNDS / size / batch);
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (Contender contender : contenders) {
        contender.measure(roundNanos);
      }
    }
    double tdc = contenders.get(0).median() / batch;
    for (Contender peer : contenders.subList(1, contenders.size())) {
      report(codec, op, size, batch, tdc, peer);
    }
  }

  private void report(String codec, String op, int size, int batch, double tdc, Contender peer)
      throws IOException {
    double peerNanos = peer.median() / batch;
    System.out.printf(
        Locale.ROOT,
        "%-13s %-7s %8d %5d %11.0f %-10s %11.0f %5.2fx%n",
        codec,
        op,
        size,
        batch,
        tdc,
        peer.name,
        peerNanos,
        peerNanos / tdc);
    String line =
        String.format(
            Locale.ROOT,
            "{\"lang\":\"%s\",\"op\":\"%s\",\"codec\":\"%s\",\"size\":%d,\"batch\":%d,"
                + "\"tdc_ns\":%.1f,\"peer\":\"%s\",\"peer_ns\":%.1f,\"ratio\":%.3f}%n",
            lang, op, codec, size, batch, tdc, peer.name, peerNanos, peerNanos / tdc);
    Files.writeString(results, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** One key, with more options; with {@code envelope: true} the peer is tdc without. */
  static String encryption(String options) {
    String key = Base64.getEncoder().encodeToString(KEY);
    return String.join(
        "\n",
        "version: 1",
        "keys:",
        "  primary: " + KEY_ID,
        "  ring: { " + KEY_ID + ": { insecure_inline: " + key + options + " } }",
        "codecs: [encrypt]");
  }

  private static String compression() {
    return String.join("\n", "version: 1", "codecs:", "  - zlib: { level: 6 }");
  }
}
