package io.tdc;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final int SMALL = 1024;
  private static final int LARGE = 1 << 20;

  private final Pace pace = new Pace();

  /** As if a call on a large payload had taken so long. */
  private void take(long nanos) {
    pace.end(System.nanoTime() - nanos, LARGE);
  }

  @Test
  void aLargeCallIsShortOnceAnotherWas() {
    assertFalse(pace.isShort(LARGE));
    take(10_000);
    assertTrue(pace.isShort(LARGE));
    assertFalse(pace.isShort(Integer.MAX_VALUE), "a much larger one takes longer");
  }

  @Test
  void afterSlowCallsNoneIsShortForAWhile() {
    take(10_000_000);
    take(10_000);
    assertFalse(pace.isShort(LARGE));
    for (int i = 0; i < 100; i++) {
      take(10_000);
    }
    assertTrue(pace.isShort(LARGE));
  }

  @Test
  void aSmallCallIsAlwaysShort() {
    assertTrue(pace.isShort(SMALL));
    take(10_000_000);
    assertTrue(pace.isShort(SMALL));
  }
}
