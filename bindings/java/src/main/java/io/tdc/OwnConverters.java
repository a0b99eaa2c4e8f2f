package io.tdc;

import io.temporal.common.converter.PayloadConverter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The user's own payload converters beside a list of the SDK's: one with the same encoding replaces
 * the SDK's, any other comes before the list.
 */
final class OwnConverters {
  /** Those that go before. */
  final List<PayloadConverter> before = new ArrayList<>();

  /** The SDK's list with its replacements. */
  final List<PayloadConverter> list;

  OwnConverters(PayloadConverter[] own, PayloadConverter... sdks) {
    list = new ArrayList<>(Arrays.asList(sdks));
    for (PayloadConverter converter : own) {
      int place = 0;
      while (place < sdks.length
          && !sdks[place].getEncodingType().equals(converter.getEncodingType())) {
        place++;
      }
      if (place < sdks.length) {
        list.set(place, converter);
      } else {
        before.add(converter);
      }
    }
  }

  /** All of them, in order. */
  PayloadConverter[] all() {
    List<PayloadConverter> all = new ArrayList<>(before);
    all.addAll(list);
    return all.toArray(new PayloadConverter[0]);
  }
}
