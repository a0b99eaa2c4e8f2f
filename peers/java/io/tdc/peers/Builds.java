package io.tdc.peers;

import io.tdc.Tdc;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Compares builds of the package in one JVM: each has a class loader of its own, and they
 * alternate every few milliseconds. So a machine whose clock or neighbours change affects them
 * alike: the median of the ratios repeats within some 3 %, where the times of two runs differ by
 * half.
 *
 * <pre>{@code
 * builds JAR JAR…
 * }</pre>
 *
 * <p>{@code jni:JAR} is that jar without its part for Java 22, so that it uses JNI there too.
 */
public final class Builds {
  private static final int[] SIZES = {64, 1 << 10, 8 << 10, 64 << 10, 1 << 20};
  private static final int[] BATCHES = {1, 32};
  private static final long ROUND_NANOS = 3_000_000;
  private static final long WARM_UP_NANOS = 4_000_000_000L;

  /** The first case compiles what the others use, too. */
  private static final long FIRST_WARM_UP_NANOS = 15_000_000_000L;

  private static final int ROUNDS = 201;

  /** The cases of each build. */
  private final List<Class<?>> builds = new ArrayList<>();

  private long warmUpNanos = FIRST_WARM_UP_NANOS;

  private Builds() {}

  /** One case of one build, whose class loader loads it: makes so many calls, and times them. */
  public static final class Case implements IntToLongFunction {
    private final Contender contender;

    /** An operation of the codec {@code encrypt}, or of the data converter. */
    public Case(String operation, Integer size, Integer count) throws IOException {
      if (operation.endsWith("Payload")) {
        MessageContenders messages =
            new MessageContenders(Tdc.parse(MessageContenders.CONFIG, Path.of(".")));
        contender =
            (operation.equals("toPayload") ? messages.toPayload(size) : messages.fromPayload(size))
                .get(0);
        return;
      }
      PayloadCodec codec = Tdc.parse(Bench.encryption(""), Path.of(".")).payloadCodec();
      List<Payload> values = Contender.texts(size, count);
      contender =
          operation.equals("encode")
              ? Contender.encoding("tdc", codec, values)
              : Contender.decoding("tdc", codec, values);
    }

    @Override
    public long applyAsLong(int calls) {
      return contender.time(calls);
    }
  }

  /** Runs every case. */
  public static void main(String[] arguments) throws Exception {
    Builds builds = new Builds();
    for (String jar : arguments) {
      builds.add(jar);
    }
    System.out.printf("Java %s: median ns of a call, ratio to the first%n", Runtime.version());
    for (int size : SIZES) {
      for (int count : BATCHES) {
        builds.compare("encode", size, count);
        builds.compare("decode", size, count);
      }
    }
    for (int size : new int[] {1 << 10, 8 << 10, 64 << 10}) {
      builds.compare("toPayload", size, 1);
      builds.compare("fromPayload", size, 1);
    }
  }

  /** The class path is that of the benches: the peers, one build of the package, and the others. */
  private void add(String jar) throws IOException, ReflectiveOperationException {
    List<URL> shared = new ArrayList<>();
    String[] path = System.getProperty("java.class.path").split(File.pathSeparator);
    for (String part : Arrays.copyOfRange(path, 2, path.length)) {
      shared.add(url(Path.of(part)));
    }
    Path file = jar.startsWith("jni:") ? withoutFfm(Path.of(jar.substring(4))) : Path.of(jar);
    ClassLoader parent =
        new URLClassLoader(shared.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    ClassLoader build = new URLClassLoader(new URL[] {url(file), url(Path.of(path[0]))}, parent);
    builds.add(build.loadClass(Case.class.getName()));
  }

  private static URL url(Path path) throws MalformedURLException {
    return path.toUri().toURL();
  }

  private static Path withoutFfm(Path jar) throws IOException {
    Path copy = Files.createTempFile("tdc", ".jar");
    copy.toFile().deleteOnExit();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(jar));
        ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(copy))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        if (!entry.getName().startsWith("META-INF/versions/")) {
          out.putNextEntry(new ZipEntry(entry.getName()));
          in.transferTo(out);
        }
      }
    }
    return copy;
  }

  private void compare(String operation, int size, int count) throws ReflectiveOperationException {
    List<IntToLongFunction> cases = new ArrayList<>();
    for (Class<?> build : builds) {
      cases.add(
          (IntToLongFunction)
              build
                  .getConstructor(String.class, Integer.class, Integer.class)
                  .newInstance(operation, size, count));
    }
    int calls = 1;
    for (long start = System.nanoTime(); System.nanoTime() - start < warmUpNanos; ) {
      long longest = 0;
      for (IntToLongFunction each : cases) {
        longest = Math.max(longest, each.applyAsLong(calls));
      }
      calls = (int) Math.max(1, Math.min(2L * calls, calls * ROUND_NANOS / Math.max(1, longest)));
    }
    warmUpNanos = WARM_UP_NANOS;
    double[][] times = new double[cases.size()][ROUNDS];
    double[][] ratios = new double[cases.size()][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < cases.size(); i++) {
        int at = round % 2 == 0 ? i : cases.size() - 1 - i;
        times[at][round] = cases.get(at).applyAsLong(calls) / (double) calls;
      }
      for (int i = 0; i < cases.size(); i++) {
        ratios[i][round] = times[i][round] / times[0][round];
      }
    }
    System.out.printf("%-12s %8d x%-3d", operation, size, count);
    for (int i = 0; i < cases.size(); i++) {
      System.out.printf(" %11.0f %5.2f", Contender.median(times[i]), Contender.median(ratios[i]));
    }
    System.out.println();
  }
}
