package io.tdc;

import javax.annotation.Nullable;

/**
 * The functions of {@code tdc.h} that this package calls, in Java's types. There are two
 * implementations, one by JNI and one by the foreign function and memory API; {@link Backend}
 * chooses when the jar is read.
 *
 * <p>A {@code long} called {@code self} is a {@code tdc_data_converter *} that {@link Handle} keeps
 * alive, one called {@code error} a {@code tdc_error *} that the caller frees.
 *
 * <p>{@code result} arrays have {@link #RESULT_SLOTS} entries: the words of a {@code tdc_payload},
 * then the error slot. Like the C out slots they are written only as the status says.
 */
interface NativeApi {
  /** The version of the C ABI that this package speaks. */
  int ABI_VERSION = 1;

  /** {@code tdc_payload.len}: how long the answer is. */
  int LEN = 0;

  /** {@code tdc_payload.data_offset}: where the contents of {@code data} start in the answer. */
  int DATA_OFFSET = 1;

  /** {@code tdc_payload.data_len}: how long the contents of {@code data} are. */
  int DATA_LEN = 2;

  /** {@code tdc_payload.owned.data}: not 0 if the answer is in the library's own memory. */
  int OWNED = 3;

  /** The error, or the handle that {@link #open} and {@link #parse} made. */
  int POINTER = 6;

  /** How many entries a {@code result} array has. */
  int RESULT_SLOTS = 7;

  /** How many words a {@code tdc_usage} has. */
  int USAGE_SLOTS = 3;

  /** {@code tdc_abi_version}. */
  int abiVersion();

  /** {@code tdc_version}. */
  String version();

  /** {@code tdc_data_converter_open}; the handle or the error goes to {@link #POINTER}. */
  int open(byte[] path, @Nullable byte[] namespace, long[] result);

  /** {@code tdc_data_converter_parse}; the handle or the error goes to {@link #POINTER}. */
  int parse(byte[] document, byte[] baseDir, @Nullable byte[] namespace, long[] result);

  /** {@code tdc_data_converter_reload}. */
  int reload(long self, long[] result);

  /** {@code tdc_data_converter_flags}. */
  int flags(long self);

  /** {@code tdc_data_converter_free}. */
  void free(long self);

  /** {@code tdc_key_provide}. */
  int keyProvide(long self, byte[] id, byte[] key, long[] result);

  /** {@code tdc_key_reject}. */
  int keyReject(long self, byte[] id, long[] result);

  /** {@code tdc_descriptor_provide}. */
  int descriptorProvide(long self, byte[] files, long[] result);

  /**
   * {@code tdc_remote_provide}: what came of the request that the error {@code request} carries.
   */
  int remoteProvide(long self, long request, int httpStatus, byte[] body, long[] result);

  /** {@code tdc_codec_encode_bound} or {@code tdc_codec_decode_bound}. */
  long bound(boolean encode, long self, long payloadLength);

  /**
   * {@code tdc_codec_encode_payload} or {@code tdc_codec_decode_payload}: the payload in the slices
   * of {@code in} counting towards {@code in.usage}, the answer in {@code out} or, if {@code
   * in.result[OWNED]} is set, in memory that {@link #takeOwned} fetches.
   */
  int payload(boolean encode, long self, byte[] context, PayloadSlices in, byte[] out);

  /**
   * {@code tdc_codec_encode} or {@code tdc_codec_decode}: a serialised {@code Payloads} in the
   * first {@code length} bytes of {@code payloads}; the answer is in memory that {@link #takeOwned}
   * fetches.
   */
  int payloads(
      boolean encode, long self, byte[] context, byte[] payloads, int length, long[] result);

  /**
   * {@code tdc_converter_to_payload} or, {@code back}, {@code tdc_converter_from_payload}: a
   * serialised {@code Payloads} in the first {@code length} bytes of {@code payloads}; the answer
   * is in memory that {@link #takeOwned} fetches.
   */
  int values(boolean back, long self, byte[] context, byte[] payloads, int length, long[] result);

  /**
   * {@code tdc_failure_encode} or {@code tdc_failure_decode}: a serialised {@code Failure} in; the
   * answer is in memory that {@link #takeOwned} fetches.
   */
  int failure(boolean encode, long self, byte[] context, byte[] failure, long[] result);

  /**
   * {@code tdc_message_encode} or {@code tdc_message_decode}: a serialised message and its full
   * name in; the answer is in memory that {@link #takeOwned} fetches.
   */
  int message(
      boolean encode,
      long self,
      byte[] context,
      byte[] name,
      int flags,
      byte[] message,
      long[] result);

  /**
   * {@code tdc_history_decode}: an exported history in; the answer is in memory that {@link
   * #takeOwned} fetches.
   */
  int history(long self, byte[] context, byte[] history, long[] result);

  /** Copies what the library owns into an array, and frees it. */
  byte[] takeOwned(long[] result);

  /** {@code tdc_status_is_transient}. */
  boolean isTransient(int status);

  /** {@code tdc_error_message}. */
  byte[] errorMessage(long error);

  /** {@code tdc_error_payload_index}. */
  long errorPayloadIndex(long error);

  /** {@code tdc_error_size_needed}. */
  long errorSizeNeeded(long error);

  /** {@code tdc_error_key_count}. */
  long errorKeyCount(long error);

  /** {@code tdc_error_key_id}. */
  byte[] errorKeyId(long error, long index);

  /** {@code tdc_error_type_name}. */
  byte[] errorTypeName(long error);

  /** {@code tdc_error_request_url}. */
  byte[] errorRequestUrl(long error);

  /** {@code tdc_error_request_body}. */
  byte[] errorRequestBody(long error);

  /** {@code tdc_error_request_header_count}. */
  long errorRequestHeaderCount(long error);

  /** {@code tdc_error_request_header}: its name or, {@code value}, its value. */
  byte[] errorRequestHeader(long error, long index, boolean value);

  /** {@code tdc_error_request_timeout_ms}. */
  int errorRequestTimeoutMs(long error);

  /** {@code tdc_error_request_max_response}. */
  long errorRequestMaxResponse(long error);

  /** {@code tdc_error_free}. */
  void errorFree(long error);
}
