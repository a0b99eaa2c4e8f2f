package io.tdc;

import java.util.HashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * What Java threw while it answered the library's requests, by the code with which the library
 * reports it. The first of each is kept: later ones are mostly its consequence.
 */
final class Causes {
  private final Map<Integer, Throwable> first = new HashMap<>();

  void add(int code, @Nullable Throwable cause) {
    if (cause != null) {
      first.putIfAbsent(code, cause);
    }
  }

  @Nullable
  Throwable of(int code) {
    return first.get(code);
  }
}
