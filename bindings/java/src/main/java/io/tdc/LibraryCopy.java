package io.tdc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** A copy of a native library in a directory from which it can be loaded. */
final class LibraryCopy {
  private LibraryCopy() {}

  /** Where the library comes from. */
  @FunctionalInterface
  interface Source {
    void copyTo(Path file) throws IOException;
  }

  /**
   * Loads a file.
   *
   * @param <E> ends the search; an {@link UnsatisfiedLinkError} only this attempt
   */
  @FunctionalInterface
  interface Loader<E extends Exception> {
    void load(Path file) throws E;
  }

  /**
   * Loads a copy from the first directory that allows it, and removes the file again.
   *
   * @param attempts get what was wrong with each other place
   * @return false if no place allowed it
   */
  static <E extends Exception> boolean load(
      String fileName, Source source, Loader<E> loader, List<String> attempts) throws E {
    for (Path parent : parents()) {
      Path directory = null;
      try {
        Files.createDirectories(parent);
        directory = Files.createTempDirectory(parent, "tdc-");
        Path file = directory.resolve(fileName);
        source.copyTo(file);
        loader.load(file);
        return true;
      } catch (IOException | UnsatisfiedLinkError e) {
        attempts.add(parent + ": " + e.getMessage());
      } finally {
        if (directory != null) {
          discard(directory.resolve(fileName).toFile());
          discard(directory.toFile());
        }
      }
    }
    return false;
  }

  /** Where a jar on the class path has the native library of this name for this machine. */
  static String resource(String fileName) {
    return "/io/tdc/native/" + platform() + "/" + fileName;
  }

  /** Copies from the jar. */
  static void extract(String resource, Path file) throws IOException {
    try (InputStream in = LibraryCopy.class.getResourceAsStream(resource)) {
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
    return family + (family.equals("linux") && isMusl() ? "-musl-" : "-") + arch;
  }

  /** Whether this process runs on musl, as on Alpine Linux, and not on glibc. */
  private static boolean isMusl() {
    try (Stream<String> mapped = Files.lines(Path.of("/proc/self/maps"), ISO_8859_1)) {
      return mapped.anyMatch(line -> line.contains("/ld-musl-"));
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }
}
