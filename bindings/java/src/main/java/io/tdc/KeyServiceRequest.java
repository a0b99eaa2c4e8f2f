package io.tdc;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.annotation.Nullable;

/**
 * A {@code wrap} or {@code unwrap} of the library's, and its answer by a key service of the
 * program's. The bytes can be a data key: the arrays that hold one are overwritten.
 */
final class KeyServiceRequest {
  /** {@code tdc.host.v1.Request.wrap}. */
  static final int WRAP = 6;

  /** {@code tdc.host.v1.Request.unwrap}. */
  static final int UNWRAP = 7;

  /** {@code tdc.host.v1.Answer.key_service_failure}; the other answers have their kind's number. */
  private static final int FAILURE = 8;

  private final long id;
  private final int kind;
  private final KeyServiceKey key;
  private final byte[] bytes;
  @Nullable private Exception cause;

  private KeyServiceRequest(long id, int kind, KeyServiceKey key, byte[] bytes) {
    this.id = id;
    this.kind = kind;
    this.key = key;
    this.bytes = bytes;
  }

  /** Whether a request of this kind is one to a key service. */
  static boolean isOne(int kind) {
    return kind == WRAP || kind == UNWRAP;
  }

  /** Reads a {@code tdc.host.v1.Wrap} or {@code Unwrap}. */
  static KeyServiceRequest read(long id, int kind, CodedInputStream message) throws IOException {
    KeyServiceKey key = new KeyServiceKey("", List.of(), Duration.ZERO);
    byte[] bytes = {};
    for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1:
          key = key(message.readBytes().newCodedInput());
          break;
        case 2:
          bytes = message.readByteArray();
          break;
        default:
          message.skipField(tag);
      }
    }
    return new KeyServiceRequest(id, kind, key, bytes);
  }

  private static KeyServiceKey key(CodedInputStream message) throws IOException {
    String uri = "";
    List<String> earlier = new ArrayList<>();
    long milliseconds = 0;
    for (int tag = message.readTag(); tag != 0; tag = message.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1:
          uri = message.readString();
          break;
        case 2:
          earlier.add(message.readString());
          break;
        case 3:
          milliseconds = message.readUInt64();
          break;
        default:
          message.skipField(tag);
      }
    }
    return new KeyServiceKey(uri, earlier, Duration.ofMillis(milliseconds));
  }

  /**
   * Asks the service, and gives a serialised {@code Answer}.
   *
   * @throws InterruptedException if the thread is wanted elsewhere, which says nothing of the
   *     service
   */
  byte[] answer(KeyService service) throws InterruptedException {
    byte[] given = {};
    try {
      given = kind == WRAP ? service.wrap(key, bytes) : service.unwrap(key, bytes);
      return given == null ? failed("it gave null") : Requests.answer(id, kind, given);
    } catch (InterruptedException e) {
      throw e;
    } catch (KeyServiceException e) {
      cause = e;
      return failed(id, e);
    } catch (Exception e) {
      cause = e;
      String name = e.getClass().getSimpleName();
      return failed(e.getMessage() == null ? name : name + ": " + e.getMessage());
    } finally {
      erase();
      if (kind == UNWRAP && given != null) {
        Arrays.fill(given, (byte) 0);
      }
    }
  }

  private byte[] failed(String reason) {
    return failed(id, new KeyServiceException(reason, false, false));
  }

  /** The answer to a request where the service was not asked, or did not answer. */
  static byte[] failed(long id, KeyServiceException why) {
    byte[] text = why.getMessage().getBytes(StandardCharsets.UTF_8);
    byte[] failure = new byte[4 + CodedOutputStream.computeByteArraySize(3, text)];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(failure);
      out.writeBool(1, why.isRefused());
      out.writeBool(2, why.isInvalid());
      out.writeByteArray(3, text);
    } catch (IOException e) {
      throw new IllegalStateException("an array does no input or output", e);
    }
    return Requests.answer(id, FAILURE, failure);
  }

  /** Adds what the service threw, under the code with which the library reports it. */
  void addCause(Causes causes) {
    KeyServiceException said =
        cause instanceof KeyServiceException ? (KeyServiceException) cause : null;
    int code = Abi.ERR_KEY_SERVICE;
    if (said != null && said.isInvalid()) {
      code = kind == UNWRAP ? Abi.ERR_CIPHERTEXT : code;
    } else if (said != null && said.isRefused()) {
      code = Abi.ERR_KEY_REFUSED;
    }
    causes.add(code, cause);
  }

  /** Overwrites the data of the request. */
  private void erase() {
    if (kind == WRAP) {
      Arrays.fill(bytes, (byte) 0);
    }
  }
}
