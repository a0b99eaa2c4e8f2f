package io.tdc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * What differs between the two ways to the native library, beside {@link Native} itself: here by
 * the foreign function and memory API.
 *
 * <p>A <em>critical</em> call takes Java's arrays as they are and costs some nanoseconds, but until
 * it returns no thread can reach a safepoint, so the garbage collector waits for it. That is right
 * for short calls only, of whatever size: Java's own AES-GCM keeps the collector waiting for up to
 * 1 MiB. Arguments of longer ones are copied by {@link Boundary}, and every other thread runs on.
 * So are those of values, where a copy costs nothing that can be measured, and of failures,
 * messages and histories, because their cost is not known in advance.
 */
final class Backend {
  /** The option for the JVM, exactly as the JVM expects it. */
  private static final String FLAG = "--enable-native-access=ALL-UNNAMED";

  /** An answer that leaves more than this part of its array unused is moved to one that fits. */
  private static final int WASTE_DIVISOR = 8;

  /** A smaller waste than this is less than the object of a payload needs anyway. */
  private static final int LITTLE = 64;

  private static volatile SymbolLookup library = name -> Optional.empty();

  private Backend() {}

  /** The C library's, because an {@link Arena} fills its memory with zeroes first. */
  private static final class Heap {
    static final MethodHandle MALLOC =
        handle("malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    static final MethodHandle FREE = handle("free", FunctionDescriptor.ofVoid(JAVA_LONG));

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
    }
  }

  /**
   * What {@link TdcLibrary#description()} says; a method, for constants are copied at compile time.
   */
  static String label() {
    return "FFM";
  }

  /**
   * Loads the native library, and gives the version of its ABI.
   *
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  static int load(Path path) {
    if (!Backend.class.getModule().isNativeAccessEnabled()) {
      LoggerFactory.getLogger(Tdc.class)
          .warn("tdc calls native code; start the JVM with {} to allow it", FLAG);
    }
    try {
      library = SymbolLookup.libraryLookup(path, Arena.global());
      return (int) find("tdc_abi_version", FunctionDescriptor.of(JAVA_INT)).invokeExact();
    } catch (IllegalArgumentException e) {
      throw cannotLoad(path + ": " + e.getMessage(), e);
    } catch (IllegalCallerException e) {
      throw cannotLoad("native access is denied; start the JVM with " + FLAG, e);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static UnsatisfiedLinkError cannotLoad(String message, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
    error.initCause(cause);
    return error;
  }

  /** A function of the library that {@link #load} opened last. */
  static MethodHandle find(String name, FunctionDescriptor descriptor, Linker.Option... options) {
    MemorySegment function =
        library
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("this is not libtdc: it has no " + name));
    return Linker.nativeLinker().downcallHandle(function, descriptor, options);
  }

  /** The functions throw nothing; what is thrown is the JVM's own, out of memory for example. */
  static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    if (e instanceof RuntimeException exception) {
      throw exception;
    }
    throw new LinkageError("a call of libtdc failed", e);
  }

  /** As {@link Boundary#payload}. */
  static int payload(
      boolean encode, Host.Call call, byte[] context, PayloadSlices in, int capacity) {
    int size = in.length();
    long start = Pace.start(size);
    int status =
        call.pace().isShort(size)
            ? critical(encode, call, context, in, capacity)
            : Boundary.payload(encode, call, context, in, capacity);
    call.pace().end(start, size);
    return status;
  }

  private static int critical(
      boolean encode, Host.Call call, byte[] context, PayloadSlices in, int capacity) {
    byte[] out = new byte[capacity];
    int status = encode ? encode(call, context, in, out) : decode(call, context, in, out);
    if (status == Abi.OK && call.words[Boundary.OWNED] == 0) {
      int length = (int) call.words[Boundary.LEN];
      boolean isWasteful = capacity - length > Math.max(LITTLE, capacity / WASTE_DIVISOR);
      call.answer = isWasteful ? Arrays.copyOf(out, length) : out;
    }
    return status;
  }

  // Two methods, because the JIT does without the segments only where they reach a single call.
  private static int encode(Host.Call call, byte[] context, PayloadSlices in, byte[] out) {
    MemorySegment words = MemorySegment.ofArray(call.words);
    return Native.codecEncodePayload(
        call.self,
        word(words, Boundary.CALL),
        MemorySegment.ofArray(context),
        context.length,
        MemorySegment.ofArray(in.head),
        in.headLength,
        MemorySegment.ofArray(in.data).asSlice(in.dataOffset, in.dataLength),
        in.dataLength,
        MemorySegment.ofArray(out),
        out.length,
        words,
        word(words, Boundary.ERROR));
  }

  private static int decode(Host.Call call, byte[] context, PayloadSlices in, byte[] out) {
    MemorySegment words = MemorySegment.ofArray(call.words);
    return Native.codecDecodePayload(
        call.self,
        word(words, Boundary.CALL),
        MemorySegment.ofArray(context),
        context.length,
        MemorySegment.ofArray(in.head),
        in.headLength,
        MemorySegment.ofArray(in.data).asSlice(in.dataOffset, in.dataLength),
        in.dataLength,
        MemorySegment.ofArray(out),
        out.length,
        words,
        word(words, Boundary.ERROR));
  }

  /** As {@link Boundary#payloads}. */
  static int payloads(boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    long start = Pace.start(length);
    int status =
        call.pace().isShort(length)
            ? critical(encode, call, context, payloads, length)
            : Boundary.payloads(encode, call, context, payloads, length);
    call.pace().end(start, length);
    return status;
  }

  private static int critical(
      boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    MemorySegment place = MemorySegment.ofArray(context);
    MemorySegment in = MemorySegment.ofArray(payloads);
    MemorySegment written = MemorySegment.ofArray(call.words);
    MemorySegment words = word(written, Boundary.CALL);
    MemorySegment out = word(written, Boundary.OWNED);
    MemorySegment error = word(written, Boundary.ERROR);
    int placeLength = context.length;
    return encode
        ? Native.codecEncode(call.self, words, place, placeLength, in, length, out, error)
        : Native.codecDecode(call.self, words, place, placeLength, in, length, out, error);
  }

  private static MemorySegment word(MemorySegment words, int index) {
    return words.asSlice((long) index * Long.BYTES);
  }

  /** The address of a direct buffer. */
  static long address(ByteBuffer direct) {
    return MemorySegment.ofBuffer(direct).address();
  }

  /** Memory outside the heap as a buffer, which must not be used after that memory is freed. */
  static ByteBuffer view(long address, long size) {
    return MemorySegment.ofAddress(address).reinterpret(size).asByteBuffer();
  }

  /** Copies memory outside the heap into the whole array. */
  static void copy(long address, byte[] to) {
    MemorySegment from = MemorySegment.ofAddress(address).reinterpret(to.length);
    MemorySegment.copy(from, JAVA_BYTE, 0, to, 0, to.length);
  }

  /** Memory outside the heap, whose contents are undefined; 0 if there is not so much. */
  static long allocate(long size) {
    try {
      return (long) Heap.MALLOC.invokeExact(size);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Frees what {@link #allocate} gave. */
  static void free(long address, long size) {
    try {
      Heap.FREE.invokeExact(address);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Looked for when a key service is needed. */
  private static final class Keys {
    static final MethodHandle LOAD =
        find(
            "tdc_java_keys_load",
            FunctionDescriptor.of(
                JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    static final MethodHandle ANSWER =
        find(
            "tdc_java_keys_answer",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  }

  /** {@code tdc_java_keys_load}: loads {@code libtdc_keys}. */
  static int keysLoad(
      long name, long nameLength, int version, long found, long reason, long capacity) {
    try {
      return (int) Keys.LOAD.invokeExact(name, nameLength, version, found, reason, capacity);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code tdc_java_keys_answer}: has it answer a call's requests to key services. */
  static int keysAnswer(long self, long call, long error) {
    try {
      return (int) Keys.ANSWER.invokeExact(self, call, error);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}
