package io.tdc;

import java.util.Arrays;

/**
 * The calls of {@link Native} with Java arrays, which are copied out of the heap and back. A result
 * or an error is written to {@link Host.Call#words}.
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

  /** The {@code tdc_call}, behind the error. */
  static final int CALL = ERROR + 1;

  /** {@code tdc_call.pending}: requests of the call that wait for an answer. */
  static final int CALL_PENDING = CALL + Abi.CALL_PENDING / Long.BYTES;

  /** {@code tdc_call.memory}, which is there after the first request. */
  static final int CALL_MEMORY = CALL + Abi.CALL_MEMORY / Long.BYTES;

  /** How many words there are. */
  static final int WORDS = CALL + Abi.SIZE_OF_CALL / Long.BYTES;

  /** The name for functions that need none. */
  static final byte[] EMPTY = {};

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
   * {@code tdc_codec_encode_payload} or {@code tdc_codec_decode_payload}: the answer is in {@link
   * Host.Call#answer} or, if the result says so, in memory that {@link #takeOwned} fetches.
   *
   * @param capacity the most bytes that the former can have
   */
  static int payload(
      boolean encode, Host.Call call, byte[] context, PayloadSlices in, int capacity) {
    long size = (long) context.length + in.headLength + in.dataLength + capacity;
    try (Scratch memory = open(size, call)) {
      long place = memory.put(context);
      long head = memory.put(in.head, 0, in.headLength);
      long data = memory.put(in.data, in.dataOffset, in.dataLength);
      long words = memory.word(CALL);
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
                  capacity,
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
                  capacity,
                  written,
                  error);
      memory.getWords(call.words);
      if (status == Abi.OK && call.words[OWNED] == 0) {
        call.answer = memory.copyOut((int) call.words[LEN]);
      }
      return status;
    }
  }

  /** {@code tdc_codec_encode} or {@code tdc_codec_decode}, on a serialised {@code Payloads}. */
  static int payloads(boolean encode, Host.Call call, byte[] context, byte[] payloads, int length) {
    Function function = encode ? Native::codecEncode : Native::codecDecode;
    return message(function, call, context, EMPTY, payloads, length);
  }

  /**
   * {@code tdc_converter_to_payload} or, {@code back}, {@code tdc_converter_from_payload}, on a
   * serialised {@code Payloads}.
   */
  static int values(boolean back, Host.Call call, byte[] context, byte[] values, int length) {
    Function function = back ? Native::converterFromPayload : Native::converterToPayload;
    return message(function, call, context, EMPTY, values, length);
  }

  /**
   * A function on the first {@code length} bytes of a message, whose answer {@link #takeOwned}
   * fetches.
   *
   * @param name of the message's type, which the function finds just before the message
   */
  static int message(
      Function function, Host.Call call, byte[] context, byte[] name, byte[] message, int length) {
    try (Scratch memory = open((long) context.length + name.length + length, call)) {
      long words = memory.word(CALL);
      long place = memory.put(context);
      memory.put(name);
      long in = memory.put(message, 0, length);
      long out = memory.word(OWNED);
      long error = memory.word(ERROR);
      int status = function.call(call.self, words, place, context.length, in, length, out, error);
      memory.getWords(call.words);
      return status;
    }
  }

  /** Copies what the library owns into an array, and frees it. */
  static byte[] takeOwned(Host.Call call) {
    try (Scratch memory = Scratch.open(0, call.words)) {
      try {
        return Scratch.copy(call.words[OWNED], call.words[OWNED + 1]);
      } finally {
        Native.bufferFree(memory.word(OWNED));
      }
    }
  }

  /** {@code tdc_call_follow}: before the first try. */
  static void follow(Host.Call call) {
    try (Scratch memory = open(0, call)) {
      Native.callFollow(memory.word(CALL));
      memory.getWords(call.words);
    }
  }

  /**
   * {@code tdc_call_requests}: what the last try of the call asks for.
   *
   * @param byClients whether {@code libtdc_keys} answers those to key services
   */
  static Asked requests(Host.Call call, boolean byClients) {
    try (Scratch memory = open(0, call)) {
      Native.callRequests(memory.word(CALL), memory.word(0), memory.word(1));
      long at = memory.get(0);
      long length = memory.get(1);
      Asked asked =
          byClients
              ? Asked.besideKeyServices(Backend.view(at, length))
              : Asked.all(Scratch.copy(at, length));
      memory.getWords(call.words);
      return asked;
    }
  }

  /** {@code tdc_java_keys_answer}: has {@code libtdc_keys} answer the requests to key services. */
  static int answerByKeyLibrary(Host.Call call) {
    try (Scratch memory = open(0, call)) {
      int status = Backend.keysAnswer(call.self, memory.word(CALL), memory.word(ERROR));
      memory.getWords(call.words);
      return status;
    }
  }

  /** {@code tdc_call_answer}. Answers can be keys, so the copy here is erased. */
  static int answer(Host.Call call, byte[] answers) {
    try (Scratch memory = open(answers.length, call)) {
      long words = memory.word(CALL);
      long in = memory.put(answers);
      int status = Native.callAnswer(call.self, words, in, answers.length, memory.word(ERROR));
      memory.getWords(call.words);
      memory.erase();
      return status;
    }
  }

  /** {@code tdc_call_end}, where there is something to end. */
  static void end(Host.Call call) {
    if (call.words[CALL_MEMORY] != 0) {
      try (Scratch memory = open(0, call)) {
        Native.callEnd(memory.word(CALL));
        memory.getWords(call.words);
      }
    }
  }

  /** Memory for a try of the call, which has no result yet. */
  private static Scratch open(long size, Host.Call call) {
    Arrays.fill(call.words, 0, CALL, 0);
    return Scratch.open(size, call.words);
  }
}
