package io.tdc;

import java.nio.file.Path;

/**
 * Chooses how Java reaches the native library: by JNI here. On Java 22 and above the jar's {@code
 * META-INF/versions/22} holds another class of this name, which takes the foreign function and
 * memory API.
 */
final class Backend {
  private Backend() {}

  /**
   * What {@link TdcLibrary#description()} says; a method, for constants are copied at compile time.
   */
  static String label() {
    return "JNI";
  }

  /**
   * Loads the native library.
   *
   * @param libtdc the library itself
   * @param shim its JNI companion
   * @throws UnsatisfiedLinkError if one of them cannot be loaded from there
   */
  static NativeApi connect(Path libtdc, Path shim) {
    return JniApi.connect(libtdc, shim);
  }
}
