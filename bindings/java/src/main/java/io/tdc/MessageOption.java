package io.tdc;

import io.temporal.payload.context.SerializationContext;
import java.util.Objects;
import javax.annotation.Nullable;

/**
 * Changes what {@link Tdc#encodeMessage}, {@link Tdc#decodeMessage} and {@link Tdc#decodeHistory}
 * do. {@link StorageDrivers#retrieveWith} gives one more.
 */
public final class MessageOption {
  private final int flags;
  @Nullable private final SerializationContext place;
  @Nullable private final StoredObjects stored;

  private MessageOption(
      int flags, @Nullable SerializationContext place, @Nullable StoredObjects stored) {
    this.flags = flags;
    this.place = place;
    this.stored = stored;
  }

  /**
   * Also encodes the payloads of headers, which the SDKs leave as they are. Encoded headers are
   * always decoded; with this option, decoding also refuses plain ones if the configuration says
   * {@code required}.
   *
   * @return the option
   */
  public static MessageOption headers() {
    return new MessageOption(Abi.MESSAGE_HEADERS, null, null);
  }

  /**
   * Sets the context of the payloads, for configurations with {@code namespaces}.
   *
   * @param context as the SDK gives it to codecs
   * @return the option
   */
  public static MessageOption context(SerializationContext context) {
    return new MessageOption(0, Objects.requireNonNull(context, "context"), null);
  }

  /** Follows references, if there is something to retrieve what they refer to. */
  static MessageOption stored(@Nullable StoredObjects stored) {
    return new MessageOption(0, null, stored);
  }

  static int flagsOf(MessageOption... options) {
    int flags = 0;
    for (MessageOption option : options) {
      flags |= option.flags;
    }
    return flags;
  }

  /** The last one wins. */
  static Context contextOf(MessageOption... options) {
    Context context = Context.none();
    for (MessageOption option : options) {
      if (option.place != null) {
        context = Context.of(option.place);
      }
    }
    return context;
  }

  /** All of them together. */
  @Nullable
  static StoredObjects storedOf(MessageOption... options) {
    StoredObjects stored = null;
    for (MessageOption option : options) {
      if (option.stored != null) {
        stored = stored == null ? option.stored : stored.and(option.stored);
      }
    }
    return stored;
  }
}
