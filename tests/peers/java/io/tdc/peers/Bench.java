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

/**
 * Compares tdc with its peers, alternating within each case, and writes one JSON line for each pair.
 *
 * <pre>{@code
 * bench LANG OUT.jsonl [--quick]
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

  private final String lang;
  private final Path results;
  private final int rounds;
  private final long roundNanos;

  private Bench(String lang, Path results, boolean quick) {
    this.lang = lang;
    this.results = results;
    this.rounds = quick ? 7 : 21;
    this.roundNanos = quick ? 6_000_000L : 25_000_000L;
  }

  /** Runs every case. */
  public static void main(String[] arguments) throws IOException {
    boolean quick = arguments.length > 2 && arguments[2].equals("--quick");
    new Bench(arguments[0], Path.of(arguments[1]), quick).run();
  }

  private void run() throws IOException {
    System.out.printf(
        "%n%s: %s, Java %s%n", lang, TdcLibrary.description(), System.getProperty("java.version"));
    System.out.printf(
        "%-8s %-7s %8s %5s %11s %-7s %11s %6s%n",
        "codec", "op", "size", "batch", "tdc ns", "peer", "peer ns", "ratio");
    try (Tdc encrypt = Tdc.parse(encryption(), Path.of("."));
        Tdc zlib = Tdc.parse(compression(), Path.of("."))) {
      Map<String, PayloadCodec> ciphers = new LinkedHashMap<>();
      ciphers.put("tdc", encrypt.payloadCodec());
      ciphers.put("sample", new SampleCodec(KEY_ID, KEY));
      ciphers.put("tuned", new TunedCodec(KEY_ID, KEY));
      Map<String, PayloadCodec> compressors = new LinkedHashMap<>();
      compressors.put("tdc", zlib.payloadCodec());
      compressors.put("zlib", new ZlibPayloadCodec());
      warmUp(ciphers);
      for (int batch : BATCHES) {
        for (int size : SIZES) {
          compare("encrypt", ciphers, true, size, batch);
          compare("encrypt", ciphers, false, size, batch);
        }
      }
      for (int size : SIZES) {
        if (size >= 1 << 10) {
          compare("zlib", compressors, true, size, 1);
          compare("zlib", compressors, false, size, 1);
        }
      }
    }
  }

  private static void warmUp(Map<String, PayloadCodec> codecs) {
    for (int size : SIZES) {
      warmUp(codecs, Contender.values(size, 1), size < 1 << 20 ? 5 : 1);
      if (size <= 8 << 10) {
        warmUp(codecs, Contender.values(size, 32), 1);
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

  private void compare(
      String codec, Map<String, PayloadCodec> codecs, boolean encode, int size, int batch)
      throws IOException {
    List<Payload> values = Contender.values(size, batch);
    List<Contender> contenders = new ArrayList<>();
    codecs.forEach((name, each) -> contenders.add(new Contender(name, each, encode, values)));
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      for (Contender contender : contenders) {
        contender.run(roundNanos);
      }
    }
    for (int round = 0; round < rounds; round++) {
      for (Contender contender : contenders) {
        contender.measure(roundNanos);
      }
    }
    Contender tdc = contenders.get(0);
    for (Contender peer : contenders.subList(1, contenders.size())) {
      report(codec, encode ? "encode" : "decode", size, batch, tdc.median(), peer);
    }
  }

  private void report(String codec, String op, int size, int batch, double tdc, Contender peer)
      throws IOException {
    double peerNanos = peer.median();
    System.out.printf(
        Locale.ROOT,
        "%-8s %-7s %8d %5d %11.0f %-7s %11.0f %5.2fx%n",
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

  private static String encryption() {
    String key = Base64.getEncoder().encodeToString(KEY);
    return String.join(
        "\n",
        "version: 1",
        "keys:",
        "  primary: " + KEY_ID,
        "  ring: { " + KEY_ID + ": { insecure_inline: " + key + " } }",
        "codecs: [encrypt]");
  }

  private static String compression() {
    return String.join("\n", "version: 1", "codecs:", "  - zlib: { level: 6 }");
  }
}
