package io.tdc;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

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
    long error = result[NativeApi.POINTER];
    if (error == 0) {
      return new TdcException(status, index, "the library gave no details", null);
    }
    try {
      String message = new String(api.errorMessage(error), StandardCharsets.UTF_8);
      int where = (int) api.errorPayloadIndex(error);
      if (where >= 0 && index >= 0) {
        where = index;
      }
      return new TdcException(status, where, message, null);
    } finally {
      free(result);
    }
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

  void free(long[] result) {
    api.errorFree(result[NativeApi.POINTER]);
    result[NativeApi.POINTER] = 0;
  }
}
