package io.tdc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * Finds the native library and loads it. Every place that was tried, and what was wrong with it,
 * goes into the error's message.
 */
final class NativeLoader {
  private static final String LIBTDC = System.mapLibraryName("tdc");
  private static final String SHIM = System.mapLibraryName("tdc_jni");

  private final List<String> attempts = new ArrayList<>();

  NativeApi load() {
    String path = System.getProperty(TdcLibrary.PATH_PROPERTY);
    if (path != null && !path.isEmpty()) {
      return loadFrom(Path.of(path));
    }
    String platform = platform();
    for (Path parent : parents()) {
      NativeApi api = extractTo(parent, platform);
      if (api != null) {
        return api;
      }
    }
    throw new UnsatisfiedLinkError(
        "cannot load the native library of tdc for "
            + platform
            + ". Tried: "
            + String.join("; ", attempts)
            + ". Name a directory from which libraries may be loaded with -D"
            + TdcLibrary.TMPDIR_PROPERTY
            + "=DIR, or one that holds "
            + LIBTDC
            + " with -D"
            + TdcLibrary.PATH_PROPERTY
            + "=DIR");
  }

  private NativeApi loadFrom(Path path) {
    Path absolute = path.toAbsolutePath();
    Path libtdc = Files.isDirectory(absolute) ? absolute.resolve(LIBTDC) : absolute;
    Path shim = libtdc.resolveSibling(SHIM);
    try {
      return connect(libtdc, shim);
    } catch (UnsatisfiedLinkError e) {
      NativeApi api = connectToCopy(libtdc, shim);
      if (api != null) {
        return api;
      }
      String message =
          "cannot load "
              + libtdc
              + ", named by -D"
              + TdcLibrary.PATH_PROPERTY
              + ": "
              + e.getMessage();
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
      error.initCause(e);
      throw error;
    }
  }

  /**
   * The JVM binds a file to the class loader that loads it first: another class loader needs a copy
   * of the companion. The library itself is not bound to any.
   */
  @Nullable
  private NativeApi connectToCopy(Path libtdc, Path shim) {
    for (Path parent : parents()) {
      NativeApi api =
          inDirectory(
              parent, directory -> connect(libtdc, Files.copy(shim, directory.resolve(SHIM))));
      if (api != null) {
        return api;
      }
    }
    return null;
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

  @Nullable
  private NativeApi extractTo(Path parent, String platform) {
    return inDirectory(
        parent,
        directory -> {
          Path libtdc = extract(directory, platform, LIBTDC);
          return connect(libtdc, extract(directory, platform, SHIM));
        });
  }

  /** Loads files of a new directory, and removes them; null if that cannot be. */
  @Nullable
  private NativeApi inDirectory(Path parent, Loading loading) {
    Path directory = null;
    try {
      Files.createDirectories(parent);
      directory = Files.createTempDirectory(parent, "tdc-");
      return loading.in(directory);
    } catch (IOException | UnsatisfiedLinkError e) {
      attempts.add(parent + ": " + e.getMessage());
      return null;
    } finally {
      if (directory != null) {
        discard(directory);
      }
    }
  }

  private static Path extract(Path directory, String platform, String name) throws IOException {
    String resource = "/io/tdc/native/" + platform + "/" + name;
    try (InputStream in = NativeLoader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the jar has no " + resource);
      }
      Path file = directory.resolve(name);
      Files.copy(in, file);
      return file;
    }
  }

  /**
   * What is loaded stays loaded without its file. Where a file in use cannot go, it goes at exit.
   */
  private static void discard(Path directory) {
    for (String name : List.of(LIBTDC, SHIM)) {
      Path file = directory.resolve(name);
      if (file.toFile().exists() && !file.toFile().delete()) {
        file.toFile().deleteOnExit();
      }
    }
    if (!directory.toFile().delete()) {
      directory.toFile().deleteOnExit();
    }
  }

  @FunctionalInterface
  private interface Loading {
    NativeApi in(Path directory) throws IOException;
  }

  private static NativeApi connect(Path libtdc, Path shim) {
    NativeApi api = Backend.connect(libtdc, shim);
    int version = api.abiVersion();
    if (version != NativeApi.ABI_VERSION) {
      throw new UnsatisfiedLinkError(
          "it speaks version "
              + version
              + " of tdc's ABI, and this io.tdc speaks version "
              + NativeApi.ABI_VERSION
              + ": use the "
              + LIBTDC
              + " of the same release as this jar");
    }
    return api;
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
