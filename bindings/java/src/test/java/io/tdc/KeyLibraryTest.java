package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.temporal.api.common.v1.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where {@code libtdc_keys} is looked for, and what is said where it is not found. */
class KeyLibraryTest {
  private static final String PROPERTY = "-D" + TdcLibrary.KEYS_PATH_PROPERTY + "=";
  private static final String ROUND_TRIP = "sealed and opened";

  /** Seals and opens a payload by a key of Vault's. */
  public static final class Main {
    private Main() {}

    /** Runs in the other JVM. */
    public static void main(String[] arguments) {
      List<Payload> values = List.of(Configs.json("Testing"));
      try (Tdc writer = Tdc.parse(FakeVault.config(), Configs.HERE);
          Tdc reader = Tdc.parse(FakeVault.config(), Configs.HERE)) {
        List<Payload> sealed = writer.payloadCodec().encode(values);
        assertEquals(3, sealed.get(0).getMetadataCount());
        assertEquals(values, reader.payloadCodec().decode(sealed));
        System.out.println(ROUND_TRIP);
      } catch (TdcException e) {
        System.out.println(e.codeName() + " " + e.isTransient());
        System.out.println(e.getMessage());
        System.out.println(e.getCause());
      }
    }
  }

  @TempDir Path directory;

  @Test
  void aVariableNamesTheLibraryOrItsDirectory() throws Exception {
    for (Path named : List.of(FakeVault.library(), FakeVault.library().getParent())) {
      assertRoundTrip(Map.of("TDC_KEYS_LIBRARY", named.toString()));
    }
  }

  @Test
  void aPropertyTakesPrecedence() throws Exception {
    Map<String, String> elsewhere = Map.of("TDC_KEYS_LIBRARY", "/nonexistent.so");
    for (Path named : List.of(FakeVault.library(), FakeVault.library().getParent())) {
      assertRoundTrip(elsewhere, PROPERTY + named);
    }
  }

  @Test
  void itIsFoundBesideALibraryThatIsNamed() throws Exception {
    String name = System.mapLibraryName("tdc_jni");
    LibraryCopy.extract(LibraryCopy.resource(name), directory.resolve(name));
    Files.copy(FakeVault.library(), directory.resolve(FakeVault.library().getFileName()));
    String named = "-D" + TdcLibrary.PATH_PROPERTY + "=" + directory;
    assertRoundTrip(Map.of(), named);
  }

  @Test
  void aJarOnTheClassPathHasIt() throws Exception {
    assertRoundTrip(Map.of(), "-D" + TdcLibrary.TMPDIR_PROPERTY + "=" + directory);
    try (var left = Files.list(directory)) {
      assertEquals(List.of(), left.toList());
    }
  }

  private static void assertRoundTrip(Map<String, String> variables, String... options)
      throws Exception {
    try (FakeVault vault = new FakeVault()) {
      Map<String, String> environment = vault.environment();
      environment.remove("TDC_KEYS_LIBRARY");
      environment.putAll(variables);
      assertEquals(ROUND_TRIP, OtherJvm.run(Main.class, environment, OtherJvm.jar(), options));
      assertEquals(1, vault.dataKeys.size());
      assertEquals(1, vault.unwraps.get());
    }
  }

  @Test
  void whereThereIsNoneTheErrorSaysWhatToDo() throws Exception {
    Path jar = OtherJvm.jarWithout(System.mapLibraryName("tdc_keys"), directory);
    List<String> said = OtherJvm.run(Main.class, Map.of(), jar).lines().toList();
    assertEquals("TDC_ERR_KEY_SERVICE true", said.get(0));
    String message = said.get(1);
    assertTrue(message.contains("the library libtdc_keys, which has the clients"), message);
    for (String remedy :
        List.of(
            "io.tdc:tdc-all",
            "install",
            "TDC_KEYS_LIBRARY",
            PROPERTY,
            "Tdc.builder(…).keyService(…)")) {
      assertTrue(message.contains(remedy.replace("=", "")), message);
    }
    // The error's text is cut; its cause says what was tried.
    assertTrue(said.get(2).contains("tried libtdc_keys.so"), said.get(2));
  }

  @Test
  void anotherFileIsRefusedWithTheReason() throws Exception {
    Path text = Files.writeString(directory.resolve("text"), "no library");
    String said = OtherJvm.run(Main.class, PROPERTY + text);
    assertTrue(said.startsWith("TDC_ERR_KEY_SERVICE true"), said);
    assertTrue(said.contains("from " + text + ", named by " + PROPERTY.replace("=", "")), said);

    said = OtherJvm.run(Main.class, Map.of("TDC_KEYS_LIBRARY", "/nonexistent.so"), OtherJvm.jar());
    assertTrue(said.contains("/nonexistent.so, named by TDC_KEYS_LIBRARY: "), said);
  }

  @Test
  void anotherVersionIsRefused() throws Exception {
    Path library = compile("unsigned tdc_keys_abi_version(void) { return 7; }");
    String said = OtherJvm.run(Main.class, PROPERTY + library);
    String expected =
        library
            + " has version 7 of its C ABI, this package needs version 1: "
            + "use the library and the package of one release";
    assertTrue(said.startsWith("TDC_ERR_KEY_SERVICE true"), said);
    assertTrue(said.contains(expected), said);

    library = compile("unsigned other(void) { return 1; }");
    said = OtherJvm.run(Main.class, PROPERTY + library);
    assertTrue(said.contains(" has version 0 of its C ABI"), said);
  }

  @Test
  void oneThatDoesNotOpenIsRefused() throws Exception {
    String source =
        "unsigned tdc_keys_abi_version(void) { return 1; }"
            + "unsigned tdc_keys_open(void **out) { return 901; }"
            + "void tdc_keys_answer(void) {} void tdc_keys_answers_free(void) {}";
    Path library = compile(source);
    String said = OtherJvm.run(Main.class, PROPERTY + library);
    assertTrue(said.contains(library + " could not be opened, status 901"), said);
  }

  /** The header that the package is written for. */
  @Test
  void theVersionIsThatOfTheHeader() throws Exception {
    String header = Files.readString(Path.of("../../include/tdc_keys.h"));
    String version = "#define TDC_KEYS_ABI_VERSION " + KeyLibrary.ABI_VERSION + "\n";
    assertTrue(header.contains(version), version);
  }

  private Path compile(String source) throws IOException, InterruptedException {
    Path file = Files.writeString(directory.resolve("keys.c"), source);
    Path library = directory.resolve("keys" + source.length() + ".so");
    String compiler = System.getenv().getOrDefault("CC", "cc");
    Process process =
        new ProcessBuilder(compiler, "-shared", "-fPIC", "-o", library.toString(), file.toString())
            .inheritIO()
            .start();
    assertEquals(0, process.waitFor());
    return library;
  }
}
