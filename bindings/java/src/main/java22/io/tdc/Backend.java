package io.tdc;

import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * Chooses how Java reaches the native library: on Java 22 and above by the foreign function and
 * memory API, and by JNI for payloads that are too large for a critical call (see {@link FfmApi}).
 */
final class Backend {
  /** What a program's owner can say to the JVM, exactly as the JVM wants it. */
  private static final String FLAG = "--enable-native-access=ALL-UNNAMED";

  private Backend() {}

  /**
   * What {@link TdcLibrary#description()} says; a method, for constants are copied at compile time.
   */
  static String label() {
    return "FFM";
  }

  /**
   * Loads the native library.
   *
   * @param libtdc the library itself
   * @param shim its JNI companion
   * @throws UnsatisfiedLinkError if one of them cannot be loaded from there
   */
  static NativeApi connect(Path libtdc, Path shim) {
    if (!Backend.class.getModule().isNativeAccessEnabled()) {
      LoggerFactory.getLogger(Tdc.class)
          .warn("tdc calls native code; start the JVM with {} to allow it", FLAG);
    }
    try {
      FfmLibrary.open(libtdc);
      return new FfmApi(JniApi.connect(libtdc, shim));
    } catch (IllegalCallerException e) {
      UnsatisfiedLinkError error =
          new UnsatisfiedLinkError("native access is denied; start the JVM with " + FLAG);
      error.initCause(e);
      throw error;
    }
  }
}
