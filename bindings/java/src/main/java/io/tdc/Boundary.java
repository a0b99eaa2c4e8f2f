package io.tdc;

/**
 * The calls of {@link Native} with Java arrays, which are copied out of the heap and back. A result
 * or an error is written to the words of {@link Host.Call#result}.
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

  /** How many words a {@code tdc_call} has. */
  static final int CALL_WORDS = Abi.SIZE_OF_CALL / Long.BYTES;

  /** Requests of the call that wait for an answer. */
  static final int CALL_PENDING = Abi.CALL_PENDING / Long.BYTES;

  /** Its memory, which is there after the first request. */
  static final int CALL_MEMORY = Abi.CALL_MEMORY / Long.BYTES;

  /** Where a {@code tdc_call} is among the words of {@link Scratch}. */
  private static final int CALL = RESULT_WORDS;

  private Boundary() {}

  /** A function on one serialised message. */
  @FunctionalInterface
  interface Function {
    int call(
        long self,
        long call,
        long context,
        long contextLen,
        long in,
        long inLen,
        long out,
        long error);
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
      long words = begin(memory, call);
      long room = memory.room();
      long written = memory.word(0);
      long error = memory.word(ERROR);
      int status =
          encode
              ? Native.codecEncodePayload(
                  call.self,
                  words,
                  place,
                  context.length,
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
                  words,
                  place,
                  context.length,
                  head,
                  in.headLength,
                  data,
                  in.dataLength,
                  room,
                  out.length,
                  written,
                  error);
      end(memory, call);
      if (status == Abi.OK && call.result[OWNED] == 0) {
        memory.get(out, (int) call.result[LEN]);
      }
      return status;
    }
  }

  /** {@code tdc_codec_encode} or {@code tdc_codec_decode}, on a serialised {@code Payloads}. */
  static int payloads(boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    Function function = encode ? Native::codecEncode : Native::codecDecode;
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
              begin(memory, call),
              memory.put(context),
              context.length,
              memory.put(message, 0, length),
              length,
              memory.word(OWNED),
              memory.word(ERROR));
      end(memory, call);
      return status;
    }
  }

  /** {@code tdc_message_encode} or {@code tdc_message_decode}; {@code name} is the type's. */
  static int message(
      boolean encode, Host.Call call, byte[] context, byte[] name, int flags, byte[] message) {
    try (Scratch memory = Scratch.open((long) context.length + name.length + message.length)) {
      long words = begin(memory, call);
      long type = memory.put(name);
      long place = memory.put(context);
      long in = memory.put(message);
      long out = memory.word(OWNED);
      long error = memory.word(ERROR);
      int status =
          encode
              ? Native.messageEncode(
                  call.self,
                  words,
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
                  words,
                  place,
                  context.length,
                  type,
                  name.length,
                  flags,
                  in,
                  message.length,
                  out,
                  error);
      end(memory, call);
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

  /**
   * {@code tdc_call_requests}: what the last try of the call asks for.
   *
   * @param byClients whether {@code libtdc_keys} answers those to key services
   */
  static Asked requests(Host.Call call, boolean byClients) {
    try (Scratch memory = Scratch.open(0)) {
      Native.callRequests(begin(memory, call), memory.word(0), memory.word(1));
      long at = memory.get(0);
      long length = memory.get(1);
      Asked asked =
          byClients
              ? Asked.besideKeyServices(Backend.view(at, length))
              : Asked.all(Scratch.copy(at, length));
      memory.get(CALL, call.words);
      return asked;
    }
  }

  /** {@code tdc_java_keys_answer}: has {@code libtdc_keys} answer the requests to key services. */
  static int answerByKeyLibrary(Host.Call call) {
    try (Scratch memory = Scratch.open(0)) {
      long words = begin(memory, call);
      int status = Backend.keysAnswer(call.self, words, memory.word(ERROR));
      end(memory, call);
      return status;
    }
  }

  /** {@code tdc_call_answer}. Answers can be keys, so the copy here is erased. */
  static int answer(Host.Call call, byte[] answers) {
    try (Scratch memory = Scratch.open(answers.length)) {
      long words = begin(memory, call);
      long in = memory.put(answers);
      int status = Native.callAnswer(call.self, words, in, answers.length, memory.word(ERROR));
      end(memory, call);
      memory.erase();
      return status;
    }
  }

  /** {@code tdc_call_end}, where there is something to end. */
  static void end(Host.Call call) {
    if (call.words[CALL_MEMORY] != 0) {
      try (Scratch memory = Scratch.open(0)) {
        Native.callEnd(begin(memory, call));
        memory.get(CALL, call.words);
      }
    }
  }

  /** Copies the {@code tdc_call} in, and gives its address. */
  private static long begin(Scratch memory, Host.Call call) {
    memory.set(CALL, call.words);
    return memory.word(CALL);
  }

  /** Copies out what the library wrote. */
  private static void end(Scratch memory, Host.Call call) {
    memory.get(0, call.result);
    memory.get(CALL, call.words);
  }
}
