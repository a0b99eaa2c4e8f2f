package io.tdc;

import java.util.Optional;
import javax.annotation.Nullable;

/**
 * The native library behind this package: whether it could be loaded, and if not, why. It is looked
 * for once, at first use:
 *
 * <ol>
 *   <li>where the system property {@value #PATH_PROPERTY} says: a directory with {@code
 *       libtdc_jni}, or the path of that library;
 *   <li>in this package's jar, from where it is copied to the directory that the system property
 *       {@value #TMPDIR_PROPERTY} names, or else to the first of the usual places for temporary
 *       files that allows it to be loaded.
 * </ol>
 */
public final class TdcLibrary {
  /** The system property that says where the native library is. */
  public static final String PATH_PROPERTY = "io.tdc.library.path";

  /** The system property that says where to copy the native library of the jar. */
  public static final String TMPDIR_PROPERTY = "io.tdc.tmpdir";

  /**
   * The system property that says where {@code libtdc_keys} is, the clients of key services: a
   * directory with the library, or its path. The variable {@code TDC_KEYS_LIBRARY} says the same.
   * It is looked for when a data key is needed for the first time, and without either of them
   * beside {@code libtdc_jni} in the directory of {@value #PATH_PROPERTY}, in the jar with the
   * native libraries, and where the system finds libraries.
   */
  public static final String KEYS_PATH_PROPERTY = "io.tdc.keys.library.path";

  private TdcLibrary() {}

  /**
   * Whether the native library is loaded, or can be.
   *
   * @return false if opening a configuration would fail with {@link #unavailabilityCause()}
   */
  public static boolean isAvailable() {
    return Loaded.FAILURE == null;
  }

  /**
   * Why the native library could not be loaded.
   *
   * @return what each attempt met, or empty if it is available
   */
  public static Optional<Throwable> unavailabilityCause() {
    return Optional.ofNullable(Loaded.FAILURE);
  }

  /**
   * Which library this is and how Java reaches it, for logs.
   *
   * @return for example {@code libtdc 0.1.0 by JNI}
   * @throws UnsatisfiedLinkError if the native library cannot be loaded
   */
  public static String description() {
    requireAvailable();
    return "libtdc " + Loaded.VERSION + " by " + Backend.label();
  }

  static void requireAvailable() {
    if (Loaded.FAILURE != null) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(Loaded.FAILURE.getMessage());
      error.initCause(Loaded.FAILURE);
      throw error;
    }
  }

  private static final class Loaded {
    static final String VERSION;
    @Nullable static final UnsatisfiedLinkError FAILURE;

    static {
      String version = "";
      UnsatisfiedLinkError failure = null;
      try {
        new NativeLoader().load();
        version = NativeLoader.version();
      } catch (UnsatisfiedLinkError e) {
        failure = e;
      }
      VERSION = version;
      FAILURE = failure;
    }
  }
}
