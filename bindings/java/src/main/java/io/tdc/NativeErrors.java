package io.tdc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import javax.annotation.Nullable;

/** Reads what {@code tdc_error} objects say, and frees them. */
final class NativeErrors {
  private final NativeApi api;

  NativeErrors(NativeApi api) {
    this.api = api;
  }

  /**
   * Makes the exception of a failed call. {@code index} is the place in the user's list of the one
   * payload that the call was about, or {@link TdcException#NO_INDEX} if the call was about the
   * list.
   */
  TdcException take(int status, long[] result, int index) {
    return take(status, result, index, null);
  }

  /** As {@link #take(int, long[], int)}, with what Java threw before the library judged it. */
  TdcException take(int status, long[] result, int index, @Nullable Throwable cause) {
    return take(status, result, where -> index < 0 ? where : index, cause);
  }

  /**
   * Makes the exception of a failed call; {@code place} says where a payload stands in the user's
   * list.
   */
  TdcException take(int status, long[] result, IntUnaryOperator place) {
    return take(status, result, place, null);
  }

  private TdcException take(
      int status, long[] result, IntUnaryOperator place, @Nullable Throwable cause) {
    long error = result[NativeApi.POINTER];
    if (error == 0) {
      return new TdcException(status, TdcException.NO_INDEX, "the library gave no details", cause);
    }
    try {
      String message = new String(api.errorMessage(error), StandardCharsets.UTF_8);
      int where = (int) api.errorPayloadIndex(error);
      return new TdcException(
          status, where < 0 ? TdcException.NO_INDEX : place.applyAsInt(where), message, cause);
    } finally {
      free(result);
    }
  }

  /** The type that the library asks for; the error stays. */
  String typeName(long[] result) {
    return new String(api.errorTypeName(result[NativeApi.POINTER]), StandardCharsets.UTF_8);
  }

  List<String> takeKeyIds(long[] result) {
    long error = result[NativeApi.POINTER];
    try {
      List<String> ids = new ArrayList<>();
      long count = api.errorKeyCount(error);
      for (long i = 0; i < count; i++) {
        ids.add(new String(api.errorKeyId(error, i), StandardCharsets.UTF_8));
      }
      return ids;
    } finally {
      free(result);
    }
  }

  long takeSizeNeeded(long[] result) {
    try {
      return api.errorSizeNeeded(result[NativeApi.POINTER]);
    } finally {
      free(result);
    }
  }

  /** The error with a request to a codec server, which the caller then frees. */
  static long takeRequest(long[] result) {
    long error = result[NativeApi.POINTER];
    result[NativeApi.POINTER] = 0;
    return error;
  }

  void free(long[] result) {
    api.errorFree(result[NativeApi.POINTER]);
    result[NativeApi.POINTER] = 0;
  }
}
