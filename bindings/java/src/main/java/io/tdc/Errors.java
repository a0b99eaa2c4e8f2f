package io.tdc;

import java.nio.charset.StandardCharsets;
import java.util.function.IntUnaryOperator;
import javax.annotation.Nullable;

/** Reads what {@code tdc_error} objects say, and frees them. */
final class Errors {
  private Errors() {}

  /** The exception of a failed call that was not about payloads. */
  static TdcException take(int status, long[] words) {
    return take(status, words, where -> where, null);
  }

  /**
   * The exception of a failed call.
   *
   * @param place where a payload of the call is in the user's list
   * @param cause what Java threw before the library judged it
   */
  static TdcException take(
      int status, long[] words, IntUnaryOperator place, @Nullable Throwable cause) {
    long error = words[Boundary.ERROR];
    if (error == 0) {
      return new TdcException(status, TdcException.NO_INDEX, "the library gave no details", cause);
    }
    try {
      int where = (int) Native.errorPayloadIndex(error);
      int index = where < 0 ? TdcException.NO_INDEX : place.applyAsInt(where);
      return new TdcException(status, index, message(error), cause);
    } finally {
      free(words);
    }
  }

  private static String message(long error) {
    try (Scratch memory = Scratch.open(0)) {
      Native.errorMessage(error, memory.word(0), memory.word(1));
      return new String(Scratch.copy(memory.get(0), memory.get(1)), StandardCharsets.UTF_8);
    }
  }

  static void free(long[] words) {
    Native.errorFree(words[Boundary.ERROR]);
    words[Boundary.ERROR] = 0;
  }
}
