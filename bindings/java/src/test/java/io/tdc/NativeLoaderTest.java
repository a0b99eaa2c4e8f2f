package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  void thePropertyNamesADirectoryOrTheLibrary() throws Exception {
    for (String name : List.of(System.mapLibraryName("tdc"), System.mapLibraryName("tdc_jni"))) {
      copyFromJar(name);
    }
    Path library = directory.resolve(System.mapLibraryName("tdc"));
    for (Path path : List.of(directory, library)) {
      String said = inAnotherJvm("-D" + TdcLibrary.PATH_PROPERTY + "=" + path);
      assertTrue(said.contains(" by "), said);
    }
    Files.write(library, new byte[100]);
    String said = inAnotherJvm("-D" + TdcLibrary.PATH_PROPERTY + "=" + directory);
    assertTrue(said.contains("cannot load " + library), said);
  }

  private void copyFromJar(String name) throws IOException {
    String platform = NativeLoader.platform();
    try (var in =
        NativeLoader.class.getResourceAsStream("/io/tdc/native/" + platform + "/" + name)) {
      Files.copy(in, directory.resolve(name));
    }
  }

  private static String inAnotherJvm(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }
}
