package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where the native library is looked for; each case in a JVM of its own, for it is looked for once.
 */
class NativeLoaderTest {
  /** Says what was loaded, or why nothing was. */
  public static final class Main {
    private Main() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) {
      System.out.println(
          TdcLibrary.isAvailable()
              ? TdcLibrary.description()
              : TdcLibrary.unavailabilityCause().orElseThrow().getMessage());
    }
  }

  /** Loads the package once more in each of two class loaders, as a server of applications does. */
  public static final class TwoLoaders {
    private TwoLoaders() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
        urls.add(new File(path).toURI().toURL());
      }
      for (int i = 0; i < 2; i++) {
        ClassLoader loader =
            new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
        Class<?> type = loader.loadClass(RoundTrip.class.getName());
        System.out.println(type.getMethod("run").invoke(null));
      }
    }
  }

  /** Uses the library, with memory of its own as well. */
  public static final class RoundTrip {
    private RoundTrip() {}

    /** Says whether what comes back is what went in, and what was loaded. */
    public static String run() {
      List<Payload> values = List.of(Configs.json("x".repeat(200_000)));
      try (Tdc tdc = Configs.encrypting()) {
        return values.equals(tdc.payloadCodec().decode(tdc.payloadCodec().encode(values)))
            + " "
            + TdcLibrary.description();
      }
    }
  }

  private static final String LIBRARY = System.mapLibraryName("tdc_jni");

  @TempDir Path directory;

  @Test
  void theJarsOwnIsCopiedAndLeavesNothingBehind() throws Exception {
    String said = inAnotherJvm("-D" + TdcLibrary.TMPDIR_PROPERTY + "=" + directory);
    assertTrue(said.contains("libtdc ") && said.contains(" by "), said);
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void anUnusableDirectoryIsPassedOver() throws Exception {
    Path file = Files.createFile(directory.resolve("no-directory"));
    String said =
        inAnotherJvm("-Djava.io.tmpdir=" + file, "-Duser.home=" + directory.resolve("home"));
    assertTrue(said.contains(" by "), said);
  }

  @Test
  void theErrorNamesEachAttemptAndTheProperties() throws Exception {
    Path file = Files.createFile(directory.resolve("no-directory"));
    String said = inAnotherJvm("-D" + TdcLibrary.TMPDIR_PROPERTY + "=" + file);
    assertTrue(said.contains(file.toString()), said);
    assertTrue(said.contains("-D" + TdcLibrary.TMPDIR_PROPERTY), said);
    assertTrue(said.contains("-D" + TdcLibrary.PATH_PROPERTY), said);
  }

  @Test
  void withoutAJarForThePlatformTheErrorNamesTheArtifact() throws Exception {
    String said = OtherJvm.run(Main.class, Map.of(), OtherJvm.jarWithout(LIBRARY, directory));
    String artifact = ": add io.tdc:tdc-native-" + LibraryCopy.platform() + ", or io.tdc:tdc-all";
    assertTrue(said.contains(artifact), said);
    assertFalse(said.contains(TdcLibrary.TMPDIR_PROPERTY), said);
  }

  @Test
  void thePropertyNamesADirectoryOrTheLibrary() throws Exception {
    copyFromJar();
    Path library = directory.resolve(LIBRARY);
    for (Path path : List.of(directory, library)) {
      String said = inAnotherJvm("-D" + TdcLibrary.PATH_PROPERTY + "=" + path);
      assertTrue(said.contains(" by "), said);
    }
    Files.write(library, new byte[100]);
    String said = inAnotherJvm("-D" + TdcLibrary.PATH_PROPERTY + "=" + directory);
    assertTrue(said.contains("cannot load " + library), said);
  }

  @Test
  void eachClassLoaderHasALibrary() throws Exception {
    copyFromJar();
    for (String option :
        List.of(
            "-D" + TdcLibrary.PATH_PROPERTY + "=" + directory,
            "-D"
                + TdcLibrary.TMPDIR_PROPERTY
                + "="
                + Files.createDirectory(directory.resolve("tmp")))) {
      List<String> said = OtherJvm.run(TwoLoaders.class, option).lines().toList();
      assertEquals(2, said.size(), said.toString());
      assertTrue(said.stream().allMatch(line -> line.startsWith("true libtdc ")), said.toString());
    }
  }

  @Test
  void theManifestAllowsNativeAccess() throws Exception {
    URI jar = Tdc.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    try (JarFile file = new JarFile(new File(jar))) {
      Attributes attributes = file.getManifest().getMainAttributes();
      assertEquals("ALL-UNNAMED", attributes.getValue("Enable-Native-Access"));
    }
  }

  private void copyFromJar() throws IOException {
    String platform = LibraryCopy.platform();
    try (var in =
        NativeLoader.class.getResourceAsStream("/io/tdc/native/" + platform + "/" + LIBRARY)) {
      Files.copy(in, directory.resolve(LIBRARY));
    }
  }

  private static String inAnotherJvm(String... options) throws IOException, InterruptedException {
    return OtherJvm.run(Main.class, options);
  }
}
