package io.tdc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import javax.annotation.Nullable;

/** Reads what {@code tdc_error} objects say, and frees them. */
final class Errors {
  private Errors() {}

  /** A function that gives bytes of an error by two slots. */
  @FunctionalInterface
  interface Getter {
    void get(long error, long out, long outLen);
  }

  /** The exception of a failed call that was not about payloads. */
  static TdcException take(int status, long[] result) {
    return take(status, result, where -> where, null);
  }

  /**
   * The exception of a failed call.
   *
   * @param place where a payload of the call is in the user's list
   * @param cause what Java threw before the library judged it
   */
  static TdcException take(
      int status, long[] result, IntUnaryOperator place, @Nullable Throwable cause) {
    long error = result[Boundary.ERROR];
    if (error == 0) {
      return new TdcException(status, TdcException.NO_INDEX, "the library gave no details", cause);
    }
    try {
      int where = (int) Native.errorPayloadIndex(error);
      int index = where < 0 ? TdcException.NO_INDEX : place.applyAsInt(where);
      return new TdcException(status, index, text(error, Native::errorMessage), cause);
    } finally {
      free(result);
    }
  }

  static List<String> takeKeyIds(long[] result) {
    long error = result[Boundary.ERROR];
    try {
      List<String> ids = new ArrayList<>();
      long count = Native.errorKeyCount(error);
      for (long i = 0; i < count; i++) {
        long index = i;
        ids.add(text(error, (self, out, len) -> Native.errorKeyId(self, index, out, len)));
      }
      return ids;
    } finally {
      free(result);
    }
  }

  /** A text of an error, which stays. */
  static String text(long error, Getter getter) {
    return new String(bytes(error, getter), StandardCharsets.UTF_8);
  }

  /** Bytes of an error, which stays. */
  static byte[] bytes(long error, Getter getter) {
    try (Scratch memory = Scratch.open(0)) {
      getter.get(error, memory.word(0), memory.word(1));
      return Scratch.copy(memory.get(0), memory.get(1));
    }
  }

  static void free(long[] result) {
    Native.errorFree(result[Boundary.ERROR]);
    result[Boundary.ERROR] = 0;
  }
}
