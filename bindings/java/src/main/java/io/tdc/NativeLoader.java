package io.tdc;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the native library and loads it. Every place that was tried, and what was wrong with it,
 * goes into the error's message.
 */
final class NativeLoader {
  private static final String LIBRARY = System.mapLibraryName("tdc_jni");

  /** More bytes than a version has. */
  private static final int MAX_VERSION = 64;

  private final List<String> attempts = new ArrayList<>();

  void load() {
    String path = System.getProperty(TdcLibrary.PATH_PROPERTY);
    if (path != null && !path.isEmpty()) {
      loadFrom(Path.of(path).toAbsolutePath());
      return;
    }
    String platform = platform();
    String resource = "/io/tdc/native/" + platform + "/" + LIBRARY;
    if (!loadCopy(file -> extract(resource, file))) {
      throw new UnsatisfiedLinkError(
          "cannot load the native library of tdc for "
              + platform
              + ". Tried: "
              + String.join("; ", attempts)
              + ". Name a directory from which libraries may be loaded with -D"
              + TdcLibrary.TMPDIR_PROPERTY
              + "=DIR, or one that holds "
              + LIBRARY
              + " with -D"
              + TdcLibrary.PATH_PROPERTY
              + "=DIR");
    }
  }

  private void loadFrom(Path path) {
    Path library = Files.isDirectory(path) ? path.resolve(LIBRARY) : path;
    try {
      connect(library);
    } catch (UnsatisfiedLinkError e) {
      // JNI binds a file to the class loader that loads it first: another one needs a copy.
      if (loadCopy(file -> Files.copy(library, file))) {
        return;
      }
      UnsatisfiedLinkError error =
          new UnsatisfiedLinkError(
              "cannot load "
                  + library
                  + ", named by -D"
                  + TdcLibrary.PATH_PROPERTY
                  + ": "
                  + e.getMessage());
      error.initCause(e);
      throw error;
    }
  }

  @FunctionalInterface
  private interface Source {
    void copyTo(Path file) throws IOException;
  }

  /** Loads a copy in the first place that allows it, and removes the file again. */
  private boolean loadCopy(Source source) {
    for (Path parent : parents()) {
      if (loadCopy(parent, source)) {
        return true;
      }
    }
    return false;
  }

  private boolean loadCopy(Path parent, Source source) {
    Path directory = null;
    try {
      Files.createDirectories(parent);
      directory = Files.createTempDirectory(parent, "tdc-");
      Path file = directory.resolve(LIBRARY);
      source.copyTo(file);
      connect(file);
      return true;
    } catch (IOException | UnsatisfiedLinkError e) {
      attempts.add(parent + ": " + e.getMessage());
      return false;
    } finally {
      if (directory != null) {
        discard(directory.resolve(LIBRARY).toFile());
        discard(directory.toFile());
      }
    }
  }

  private static void extract(String resource, Path file) throws IOException {
    try (InputStream in = NativeLoader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the jar has no " + resource);
      }
      Files.copy(in, file);
    }
  }

  /**
   * What is loaded stays loaded without its file. Where a file in use cannot go, it goes at exit.
   */
  private static void discard(File file) {
    if (file.exists() && !file.delete()) {
      file.deleteOnExit();
    }
  }

  private static void connect(Path library) {
    int version = Backend.load(library);
    if (version != Abi.ABI_VERSION) {
      throw new UnsatisfiedLinkError(
          "it speaks version "
              + version
              + " of tdc's ABI, and this io.tdc speaks version "
              + Abi.ABI_VERSION
              + ": use the "
              + LIBRARY
              + " of the same release as this jar");
    }
  }

  /** What {@code tdc_version} says. */
  static String version() {
    long text = Native.version();
    int length = 0;
    ByteBuffer bytes = Backend.view(text, MAX_VERSION);
    while (bytes.get(length) != 0) {
      length++;
    }
    return new String(Scratch.copy(text, length), StandardCharsets.UTF_8);
  }

  /**
   * The property's directory alone, if it is set; else the usual places, for {@code /tmp} may be
   * noexec.
   */
  private static Set<Path> parents() {
    Set<Path> parents = new LinkedHashSet<>();
    String chosen = System.getProperty(TdcLibrary.TMPDIR_PROPERTY);
    if (chosen != null && !chosen.isEmpty()) {
      parents.add(Path.of(chosen));
      return parents;
    }
    parents.add(Path.of(System.getProperty("java.io.tmpdir")));
    String cache = System.getenv("XDG_CACHE_HOME");
    if (cache != null && !cache.isEmpty()) {
      parents.add(Path.of(cache));
    }
    parents.add(Path.of(System.getProperty("user.home"), ".cache"));
    parents.add(Path.of(System.getProperty("user.dir")));
    return parents;
  }

  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String family = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os;
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (arch.equals("amd64")) {
      arch = "x86_64";
    } else if (arch.equals("arm64")) {
      arch = "aarch64";
    }
    return family + "-" + arch;
  }
}
