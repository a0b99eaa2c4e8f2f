package io.tdc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.payload.codec.PayloadCodecException;
import java.util.OptionalInt;
import javax.annotation.Nullable;

/**
 * A call that failed, with the stable code that every language shares. Messages never contain
 * plaintext or key bytes.
 */
public final class TdcException extends PayloadCodecException {
  private static final long serialVersionUID = 1L;

  /** What {@code tdc_error_payload_index} says when the error is not about one payload. */
  static final int NO_INDEX = -1;

  /** As {@link Code#number()}. */
  private final int code;

  /** From 0, or -1 if the error is not about one payload. */
  private final int payloadIndex;

  TdcException(int code, int payloadIndex, String message, @Nullable Throwable cause) {
    super(prefix(code, payloadIndex) + message, cause);
    this.code = code;
    this.payloadIndex = payloadIndex;
  }

  /** For bytes that Java's protobuf refuses; its text names no contents. */
  static TdcException notA(String message, InvalidProtocolBufferException cause) {
    return new TdcException(
        Abi.ERR_PROTOBUF, NO_INDEX, "not a " + message + ": " + cause.getMessage(), null);
  }

  /** For an answer that is not a {@code Payload}, or sizes that are not Java's. */
  static TdcException of(Exception e) {
    return e instanceof InvalidProtocolBufferException
        ? notA("Payload", (InvalidProtocolBufferException) e)
        : tooLarge();
  }

  /** For what no Java array can hold. */
  static TdcException tooLarge() {
    String message = "more bytes than a Java array can hold";
    return new TdcException(Abi.ERR_LIMIT, NO_INDEX, message, null);
  }

  /**
   * The error's stable number.
   *
   * @return the number, as in {@link Code#number()}
   */
  public int code() {
    return code;
  }

  /**
   * The error's stable name.
   *
   * @return the name in {@code tdc.h}, for example {@code TDC_ERR_AUTHENTICATION}
   */
  public String codeName() {
    return symbol(code);
  }

  /**
   * Which payload of the call failed.
   *
   * @return the index, from 0, or empty if the error is not about one payload
   */
  public OptionalInt payloadIndex() {
    return payloadIndex < 0 ? OptionalInt.empty() : OptionalInt.of(payloadIndex);
  }

  /**
   * Whether the same call can succeed later, because the cause passes or an operator fixes it: a
   * wrong or missing key, the configuration, an unreachable codec server.
   *
   * @return true if the input need not change
   */
  public boolean isTransient() {
    return Code.of(code).map(Code::isTransient).orElse(false);
  }

  /** What happened, without the code in front and without the advice after it. */
  String fact() {
    String text = getMessage().substring(prefix(code, payloadIndex).length());
    int advice = text.indexOf(": ");
    return advice < 0 ? text : text.substring(0, advice);
  }

  private static String prefix(int code, int payloadIndex) {
    return symbol(code) + where(payloadIndex) + ": ";
  }

  private static String symbol(int code) {
    return Code.of(code).map(Code::symbol).orElseGet(() -> "TDC_ERR_" + code);
  }

  private static String where(int payloadIndex) {
    return payloadIndex < 0 ? "" : " (payload " + payloadIndex + ")";
  }
}
