package io.tdc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;
import javax.annotation.Nullable;

/** Opens libtdc and finds its functions. */
final class FfmLibrary {
  private static final FunctionDescriptor PAYLOAD =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG,
          ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

  private static final FunctionDescriptor PAYLOADS =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

  private static final FunctionDescriptor VALUES =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

  /** Set by {@link #open}, and read once, when {@link FfmCalls} is initialised. */
  private static volatile SymbolLookup library = name -> Optional.empty();

  private FfmLibrary() {}

  /**
   * Opens the library, for the rest of the process.
   *
   * @throws UnsatisfiedLinkError if it is no libtdc, or cannot be loaded from there
   */
  static void open(Path libtdc) {
    try {
      library = SymbolLookup.libraryLookup(libtdc, Arena.global());
    } catch (IllegalArgumentException e) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(libtdc + ": " + e.getMessage());
      error.initCause(e);
      throw error;
    }
    find("tdc_abi_version");
  }

  /** A function that gives a status, a number or nothing ({@code result} null). */
  static MethodHandle function(
      String name, @Nullable MemoryLayout result, MemoryLayout... arguments) {
    FunctionDescriptor descriptor =
        result == null
            ? FunctionDescriptor.ofVoid(arguments)
            : FunctionDescriptor.of(result, arguments);
    return Linker.nativeLinker().downcallHandle(find(name), descriptor);
  }

  /** A function on one payload, which takes Java's arrays as they are. */
  static MethodHandle payloadFunction(String name) {
    return Linker.nativeLinker().downcallHandle(find(name), PAYLOAD, Linker.Option.critical(true));
  }

  /** A function on several payloads, which takes Java's arrays as they are. */
  static MethodHandle payloadsFunction(String name) {
    return Linker.nativeLinker().downcallHandle(find(name), PAYLOADS, Linker.Option.critical(true));
  }

  /** A function on several values, which takes Java's arrays as they are. */
  static MethodHandle valuesFunction(String name) {
    return Linker.nativeLinker().downcallHandle(find(name), VALUES, Linker.Option.critical(true));
  }

  /** A function on a buffer, whose words are in one of Java's arrays. */
  static MethodHandle bufferFunction(String name) {
    return Linker.nativeLinker()
        .downcallHandle(
            find(name), FunctionDescriptor.ofVoid(ADDRESS), Linker.Option.critical(true));
  }

  /** A function so short that the JVM need not even be told of the call. */
  static MethodHandle boundFunction(String name) {
    return Linker.nativeLinker()
        .downcallHandle(
            find(name),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.critical(false));
  }

  private static MemorySegment find(String name) {
    return library
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("this is not libtdc: it has no " + name));
  }
}
