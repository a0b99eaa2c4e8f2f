package io.tdc;

import com.google.protobuf.CodedInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** A {@code tdc.host.v1.Object}, as far as storage drivers need it. */
final class StoredObject {
  final long id;

  /** The name of the driver. */
  final String store;

  final Map<String, String> claim;

  /** From the request to the end of the answer. */
  final Duration timeout;

  StoredObject(long id, CodedInputStream message) throws IOException {
    HostMessage fields = new HostMessage(message);
    this.id = id;
    store = fields.text(1);
    timeout = Duration.ofMillis(fields.number(5));
    claim = fields.pairs(6);
  }
}
