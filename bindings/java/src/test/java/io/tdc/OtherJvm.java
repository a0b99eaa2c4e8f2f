package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Runs a class of the tests in a JVM of its own. */
final class OtherJvm {
  private OtherJvm() {}

  /**
   * What it says, without the JVM's warnings about other libraries (protobuf's, from Java 24 on).
   */
  static String run(Class<?> main, String... options) throws IOException, InterruptedException {
    return run(main, Map.of(), jar(), options);
  }

  /** The jar with this package. */
  static Path jar() {
    try {
      return Path.of(Tdc.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** A copy of it, without a native library. */
  static Path jarWithout(String library, Path directory) throws IOException {
    Path copy = Files.copy(jar(), directory.resolve("without-" + library + ".jar"));
    try (FileSystem content = FileSystems.newFileSystem(copy)) {
      Files.delete(content.getPath(LibraryCopy.resource(library)));
    }
    return copy;
  }

  /** The same, with variables and with another jar of this package. */
  static String run(Class<?> main, Map<String, String> environment, Path jar, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    String classPath =
        System.getProperty("java.class.path").replace(jar().toString(), jar.toString());
    command.addAll(List.of("-cp", classPath, main.getName()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.matches("(VAULT|BAO|TDC)_.*"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said.lines()
        .filter(line -> !line.startsWith("WARNING: "))
        .collect(Collectors.joining("\n"));
  }
}
