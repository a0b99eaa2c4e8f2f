package io.tdc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Finds the native library and loads it. The error's message lists every location that was tried,
 * and why it failed.
 */
final class NativeLoader {
  private static final String LIBRARY = System.mapLibraryName("tdc_jni");

  /** More bytes than a version has. */
  private static final int MAX_VERSION = 64;

  private final List<String> attempts = new ArrayList<>();

  void load() {
    Path named = named();
    if (named != null) {
      loadFrom(named);
      return;
    }
    String resource = LibraryCopy.resource(LIBRARY);
    if (NativeLoader.class.getResource(resource) == null) {
      throw new UnsatisfiedLinkError(
          "no jar on the class path has the native library of tdc for "
              + LibraryCopy.platform()
              + ": add io.tdc:tdc-native-"
              + LibraryCopy.platform()
              + ", or io.tdc:tdc-all, which has those of every platform that tdc is built for");
    }
    if (!loadCopy(file -> LibraryCopy.extract(resource, file))) {
      throw new UnsatisfiedLinkError(
          "cannot load the native library of tdc for "
              + LibraryCopy.platform()
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

  /** The library that the property names, if it names one. */
  @Nullable
  static Path named() {
    String property = System.getProperty(TdcLibrary.PATH_PROPERTY);
    if (property == null || property.isEmpty()) {
      return null;
    }
    Path path = Path.of(property).toAbsolutePath();
    return Files.isDirectory(path) ? path.resolve(LIBRARY) : path;
  }

  private void loadFrom(Path library) {
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

  private boolean loadCopy(LibraryCopy.Source source) {
    return LibraryCopy.load(LIBRARY, source, NativeLoader::connect, attempts);
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
}
