package io.tdc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code tdc.h} as method handles. They are {@code static final}, because only
 * then the JIT compiles a call down to a jump; {@link FfmLibrary#open} must come first.
 *
 * <p>Sizes, handles and errors are {@code long}s: nothing in Java looks behind them.
 */
final class FfmCalls {
  static final MethodHandle ABI_VERSION = FfmLibrary.function("tdc_abi_version", JAVA_INT);
  static final MethodHandle VERSION = FfmLibrary.function("tdc_version", ADDRESS);
  static final MethodHandle IS_TRANSIENT =
      FfmLibrary.function("tdc_status_is_transient", JAVA_BYTE, JAVA_INT);
  static final MethodHandle BUFFER_FREE = FfmLibrary.bufferFunction("tdc_buffer_free");

  static final MethodHandle ERROR_MESSAGE =
      FfmLibrary.function("tdc_error_message", null, JAVA_LONG, ADDRESS, ADDRESS);
  static final MethodHandle ERROR_PAYLOAD_INDEX =
      FfmLibrary.function("tdc_error_payload_index", JAVA_LONG, JAVA_LONG);
  static final MethodHandle ERROR_SIZE_NEEDED =
      FfmLibrary.function("tdc_error_size_needed", JAVA_LONG, JAVA_LONG);
  static final MethodHandle ERROR_KEY_COUNT =
      FfmLibrary.function("tdc_error_key_count", JAVA_LONG, JAVA_LONG);
  static final MethodHandle ERROR_KEY_ID =
      FfmLibrary.function("tdc_error_key_id", JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
  static final MethodHandle ERROR_TYPE_NAME =
      FfmLibrary.function("tdc_error_type_name", null, JAVA_LONG, ADDRESS, ADDRESS);
  static final MethodHandle ERROR_REQUEST_URL =
      FfmLibrary.function("tdc_error_request_url", null, JAVA_LONG, ADDRESS, ADDRESS);
  static final MethodHandle ERROR_REQUEST_BODY =
      FfmLibrary.function("tdc_error_request_body", null, JAVA_LONG, ADDRESS, ADDRESS);
  static final MethodHandle ERROR_REQUEST_HEADER_COUNT =
      FfmLibrary.function("tdc_error_request_header_count", JAVA_LONG, JAVA_LONG);
  static final MethodHandle ERROR_REQUEST_HEADER =
      FfmLibrary.function(
          "tdc_error_request_header",
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          ADDRESS,
          ADDRESS,
          ADDRESS,
          ADDRESS);
  static final MethodHandle ERROR_REQUEST_TIMEOUT_MS =
      FfmLibrary.function("tdc_error_request_timeout_ms", JAVA_INT, JAVA_LONG);
  static final MethodHandle ERROR_REQUEST_MAX_RESPONSE =
      FfmLibrary.function("tdc_error_request_max_response", JAVA_LONG, JAVA_LONG);
  static final MethodHandle ERROR_FREE = FfmLibrary.function("tdc_error_free", null, JAVA_LONG);

  static final MethodHandle OPEN =
      FfmLibrary.function(
          "tdc_data_converter_open",
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          ADDRESS);
  static final MethodHandle PARSE =
      FfmLibrary.function(
          "tdc_data_converter_parse",
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          ADDRESS,
          ADDRESS);
  static final MethodHandle RELOAD =
      FfmLibrary.function("tdc_data_converter_reload", JAVA_INT, JAVA_LONG, ADDRESS);
  static final MethodHandle FLAGS =
      FfmLibrary.function("tdc_data_converter_flags", JAVA_INT, JAVA_LONG);
  static final MethodHandle FREE = FfmLibrary.function("tdc_data_converter_free", null, JAVA_LONG);

  static final MethodHandle KEY_PROVIDE =
      FfmLibrary.function(
          "tdc_key_provide", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
  static final MethodHandle KEY_REJECT =
      FfmLibrary.function("tdc_key_reject", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);

  static final MethodHandle DESCRIPTOR_PROVIDE =
      FfmLibrary.function(
          "tdc_descriptor_provide", JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);

  static final MethodHandle REMOTE_PROVIDE =
      FfmLibrary.function(
          "tdc_remote_provide",
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          ADDRESS);

  static final MethodHandle ENCODE_BOUND = FfmLibrary.boundFunction("tdc_codec_encode_bound");
  static final MethodHandle DECODE_BOUND = FfmLibrary.boundFunction("tdc_codec_decode_bound");
  static final MethodHandle ENCODE = FfmLibrary.payloadsFunction("tdc_codec_encode");
  static final MethodHandle DECODE = FfmLibrary.payloadsFunction("tdc_codec_decode");
  static final MethodHandle ENCODE_PAYLOAD = FfmLibrary.payloadFunction("tdc_codec_encode_payload");
  static final MethodHandle DECODE_PAYLOAD = FfmLibrary.payloadFunction("tdc_codec_decode_payload");

  static final MethodHandle TO_PAYLOAD = FfmLibrary.valuesFunction("tdc_converter_to_payload");
  static final MethodHandle FROM_PAYLOAD = FfmLibrary.valuesFunction("tdc_converter_from_payload");

  private FfmCalls() {}
}
