package io.tdc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds {@code libtdc_keys}, the clients of key services, and loads it when a data key is first
 * needed: a program without key services does not need it.
 */
final class KeyLibrary {
  /** {@code TDC_KEYS_ABI_VERSION} of {@code tdc_keys.h}. */
  static final int ABI_VERSION = 1;

  /** What {@code tdc_java_keys_load} answers. */
  private static final int LOADED = 0;

  private static final int NOT_LOADED = 1;
  private static final int OTHER_VERSION = 2;

  /** How many bytes of the reason of the system's loader are kept. */
  private static final int MAX_REASON = 1024;

  private static final String VARIABLE = "TDC_KEYS_LIBRARY";
  private static final String FILE_NAME = System.mapLibraryName("tdc_keys");
  private static final String MISSING =
      "the library libtdc_keys, which has the clients of key services, was not found: add"
          + " io.tdc:tdc-native-"
          + LibraryCopy.platform()
          + " or io.tdc:tdc-all, install the library, name its path in "
          + VARIABLE
          + " or -D"
          + TdcLibrary.KEYS_PATH_PROPERTY
          + ", or pass a KeyService to Tdc.builder(…).keyService(…)";

  private static boolean isLoaded;

  private final List<String> attempts = new ArrayList<>();

  private KeyLibrary() {}

  /**
   * Loads it, if it is not loaded. A failure is not cached: the library may be installed later.
   *
   * @throws KeyServiceException with what to do, if it cannot be loaded
   */
  static synchronized void load() throws KeyServiceException {
    if (!isLoaded) {
      new KeyLibrary().find();
      isLoaded = true;
    }
  }

  private void find() throws KeyServiceException {
    if (isNamed("-D" + TdcLibrary.KEYS_PATH_PROPERTY, property())
        || isNamed(VARIABLE, System.getenv(VARIABLE))
        || isBesideTheOther()
        || isInAJar()
        || isInstalled()) {
      return;
    }
    throw unavailable(MISSING + " (tried " + String.join("; ", attempts) + ")");
  }

  private static String property() {
    return System.getProperty(TdcLibrary.KEYS_PATH_PROPERTY);
  }

  /** Loads the library that the user names, if any; no other is tried then. */
  private static boolean isNamed(String by, String path) throws KeyServiceException {
    if (path == null || path.isEmpty()) {
      return false;
    }
    String library = path;
    for (String name : names()) {
      Path inside = Path.of(path, name);
      library = Files.exists(inside) ? inside.toString() : library;
    }
    try {
      connect(library);
      return true;
    } catch (UnsatisfiedLinkError e) {
      throw unavailable(
          "cannot load libtdc_keys, which has the clients of key services, from "
              + library
              + ", named by "
              + by
              + ": "
              + e.getMessage());
    }
  }

  private boolean isBesideTheOther() throws KeyServiceException {
    Path other = NativeLoader.named();
    if (other != null) {
      for (String name : names()) {
        Path library = other.resolveSibling(name);
        if (Files.exists(library) && isLoadable(library.toString())) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isInAJar() throws KeyServiceException {
    String resource = LibraryCopy.resource(FILE_NAME);
    return KeyLibrary.class.getResource(resource) != null
        && LibraryCopy.load(
            FILE_NAME,
            file -> LibraryCopy.extract(resource, file),
            file -> connect(file.toString()),
            attempts);
  }

  private boolean isInstalled() throws KeyServiceException {
    for (String name : names()) {
      if (isLoadable(name)) {
        return true;
      }
    }
    return false;
  }

  private boolean isLoadable(String library) throws KeyServiceException {
    try {
      connect(library);
      return true;
    } catch (UnsatisfiedLinkError e) {
      attempts.add(e.getMessage());
      return false;
    }
  }

  /** As it is installed, and as cargo builds it. */
  private static List<String> names() {
    switch (FILE_NAME) {
      case "libtdc_keys.so":
        return List.of("libtdc_keys.so.0", FILE_NAME);
      case "libtdc_keys.dylib":
        return List.of("libtdc_keys.0.dylib", FILE_NAME);
      default:
        return List.of(FILE_NAME);
    }
  }

  /**
   * Loads the library of this path, or of this name from where the system finds libraries.
   *
   * @throws UnsatisfiedLinkError if there is none that can be loaded
   * @throws KeyServiceException if it is not the one that this package is written for
   */
  private static void connect(String library) throws KeyServiceException {
    byte[] name = library.getBytes(StandardCharsets.UTF_8);
    try (Scratch memory = Scratch.open(name.length + MAX_REASON)) {
      long at = memory.put(name);
      long reason = memory.room();
      long found = memory.word(0);
      int status = Backend.keysLoad(at, name.length, ABI_VERSION, found, reason, MAX_REASON);
      int number = (int) memory.get(0);
      switch (status) {
        case LOADED:
          return;
        case NOT_LOADED:
          throw new UnsatisfiedLinkError(
              new String(Scratch.copy(reason, number), StandardCharsets.UTF_8));
        case OTHER_VERSION:
          throw unavailable(
              library
                  + " has version "
                  + number
                  + " of its C ABI, this package needs version "
                  + ABI_VERSION
                  + ": use the library and the package of one release");
        default:
          throw unavailable(library + " could not be opened, status " + number);
      }
    }
  }

  private static KeyServiceException unavailable(String reason) {
    return new KeyServiceException(reason, false, false);
  }
}
