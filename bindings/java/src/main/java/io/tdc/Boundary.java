package io.tdc;

/**
 * The calls of {@link Native} with Java's arrays, which are copied out of the heap and back. An
 * answer or an error goes to the words of {@link Host.Call#result}.
 *
 * <p>{@link Backend} comes before it where arrays can cross as they are.
 */
final class Boundary {
  /** {@code tdc_payload.len}: how long the answer is. */
  static final int LEN = Abi.PAYLOAD_LEN / Long.BYTES;

  /** {@code tdc_payload.data_offset}: where the contents of {@code data} start in the answer. */
  static final int DATA_OFFSET = Abi.PAYLOAD_DATA_OFFSET / Long.BYTES;

  /** {@code tdc_payload.data_len}: how long the contents of {@code data} are. */
  static final int DATA_LEN = Abi.PAYLOAD_DATA_LEN / Long.BYTES;

  /** {@code tdc_payload.owned}: a buffer of the library, if its first word is not 0. */
  static final int OWNED = Abi.PAYLOAD_OWNED / Long.BYTES;

  /** The error, behind the {@code tdc_payload}. */
  static final int ERROR = Abi.SIZE_OF_PAYLOAD / Long.BYTES;

  /** How many words a result has. */
  static final int RESULT_WORDS = ERROR + 1;

  /** How many words a {@code tdc_usage} has. */
  static final int USAGE_WORDS = Abi.SIZE_OF_USAGE / Long.BYTES;

  private static final int USAGE = RESULT_WORDS;
  private static final byte[] NOTHING = {};

  private Boundary() {}

  /** A function on one serialised message. */
  @FunctionalInterface
  interface Function {
    int call(long self, long context, long contextLen, long in, long inLen, long out, long error);
  }

  /**
   * {@code tdc_codec_encode_payload} or {@code tdc_codec_decode_payload}: the answer is in {@code
   * out} or, if the result says so, in memory that {@link #takeOwned} fetches.
   */
  static int payload(boolean encode, Host.Call call, byte[] context, PayloadSlices in, byte[] out) {
    long size = (long) context.length + in.headLength + in.dataLength + out.length;
    try (Scratch memory = Scratch.open(size)) {
      long place = memory.put(context);
      long head = memory.put(in.head, 0, in.headLength);
      long data = memory.put(in.data, in.dataOffset, in.dataLength);
      long usage = 0;
      if (call.usage != null) {
        memory.set(USAGE, call.usage);
        usage = memory.word(USAGE);
      }
      long room = memory.room();
      long written = memory.word(0);
      long error = memory.word(ERROR);
      int status =
          encode
              ? Native.codecEncodePayload(
                  call.self,
                  place,
                  context.length,
                  usage,
                  head,
                  in.headLength,
                  data,
                  in.dataLength,
                  room,
                  out.length,
                  written,
                  error)
              : Native.codecDecodePayload(
                  call.self,
                  place,
                  context.length,
                  usage,
                  head,
                  in.headLength,
                  data,
                  in.dataLength,
                  room,
                  out.length,
                  written,
                  error);
      memory.get(0, call.result);
      if (call.usage != null) {
        memory.get(USAGE, call.usage);
      }
      if (status == Abi.OK && call.result[OWNED] == 0) {
        memory.get(out, (int) call.result[LEN]);
      }
      return status;
    }
  }

  /** {@code tdc_codec_encode} or {@code tdc_codec_decode}, on a serialised {@code Payloads}. */
  static int payloads(boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    Function function =
        encode
            ? (self, place, placeLen, in, inLen, out, error) ->
                Native.codecEncode(self, place, placeLen, 0, in, inLen, out, error)
            : (self, place, placeLen, in, inLen, out, error) ->
                Native.codecDecode(self, place, placeLen, 0, in, inLen, out, error);
    return message(function, call, context, payloads, length);
  }

  /**
   * {@code tdc_converter_to_payload} or, {@code back}, {@code tdc_converter_from_payload}, on a
   * serialised {@code Payloads}.
   */
  static int values(boolean back, Host.Call call, byte[] context, byte[] values, int length) {
    Function function = back ? Native::converterFromPayload : Native::converterToPayload;
    return message(function, call, context, values, length);
  }

  /**
   * A function on the first {@code length} bytes of a message, whose answer {@link #takeOwned}
   * fetches.
   */
  static int message(
      Function function, Host.Call call, byte[] context, byte[] message, int length) {
    try (Scratch memory = Scratch.open((long) context.length + length)) {
      int status =
          function.call(
              call.self,
              memory.put(context),
              context.length,
              memory.put(message, 0, length),
              length,
              memory.word(OWNED),
              memory.word(ERROR));
      memory.get(0, call.result);
      return status;
    }
  }

  /** {@code tdc_message_encode} or {@code tdc_message_decode}; {@code name} is the type's. */
  static int message(
      boolean encode, Host.Call call, byte[] context, byte[] name, int flags, byte[] message) {
    try (Scratch memory = Scratch.open((long) context.length + name.length + message.length)) {
      long type = memory.put(name);
      long place = memory.put(context);
      long in = memory.put(message);
      long out = memory.word(OWNED);
      long error = memory.word(ERROR);
      int status =
          encode
              ? Native.messageEncode(
                  call.self,
                  place,
                  context.length,
                  type,
                  name.length,
                  flags,
                  in,
                  message.length,
                  out,
                  error)
              : Native.messageDecode(
                  call.self,
                  place,
                  context.length,
                  type,
                  name.length,
                  flags,
                  in,
                  message.length,
                  out,
                  error);
      memory.get(0, call.result);
      return status;
    }
  }

  /** Copies what the library owns into an array, and frees it. */
  static byte[] takeOwned(long[] result) {
    try (Scratch memory = Scratch.open(0)) {
      memory.set(0, result);
      try {
        return Scratch.copy(result[OWNED], result[OWNED + 1]);
      } finally {
        Native.bufferFree(memory.word(OWNED));
      }
    }
  }

  /** A function on bytes that gives nothing but a status; its error goes to {@code result}. */
  @FunctionalInterface
  interface Provision {
    int call(long first, long firstLen, long second, long secondLen, long error);
  }

  /** Hands bytes in, which are erased here: they can be keys. */
  static int provide(long[] result, byte[] first, byte[] second, Provision function) {
    try (Scratch memory = Scratch.open((long) first.length + second.length)) {
      long at = memory.put(first);
      int status =
          function.call(at, first.length, memory.put(second), second.length, memory.word(ERROR));
      memory.erase();
      result[ERROR] = memory.get(ERROR);
      return status;
    }
  }

  /** As {@link #provide(long[], byte[], byte[], Provision)} with less. */
  static int provide(long[] result, byte[] bytes, Provision function) {
    return provide(result, bytes, NOTHING, function);
  }
}
