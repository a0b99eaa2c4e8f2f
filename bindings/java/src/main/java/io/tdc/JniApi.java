package io.tdc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import javax.annotation.Nullable;

/** {@link NativeApi} by JNI: for Java 11 to 21, and for large payloads above. */
final class JniApi implements NativeApi {
  private JniApi() {}

  static JniApi connect(Path libtdc, Path shim) {
    System.load(shim.toString());
    String problem = JniCalls.bind(libtdc.toString().getBytes(StandardCharsets.UTF_8));
    if (problem != null) {
      throw new UnsatisfiedLinkError(problem);
    }
    return new JniApi();
  }

  @Override
  public int payload(boolean encode, long self, byte[] context, PayloadSlices in, byte[] out) {
    if (in.usage == null && SmallCall.fits(context, in, out)) {
      return SmallCall.ofThread().run(encode, self, context, in, out);
    }
    // The shim reads memory as it is told: the checks here are what makes that safe.
    Objects.checkFromIndexSize(0, in.headLength, in.head.length);
    Objects.checkFromIndexSize(in.dataOffset, in.dataLength, in.data.length);
    return JniCalls.payload(
        encode,
        self,
        context,
        context.length,
        in.head,
        in.headLength,
        in.data,
        in.dataOffset,
        in.dataLength,
        out,
        out.length,
        in.result,
        in.usage);
  }

  @Override
  public int payloads(
      boolean encode, long self, byte[] context, byte[] payloads, int length, long[] result) {
    return JniCalls.payloads(encode, self, context, payloads, length, result);
  }

  @Override
  public int values(
      boolean back, long self, byte[] context, byte[] payloads, int length, long[] result) {
    return JniCalls.values(back, self, context, payloads, length, result);
  }

  @Override
  public int failure(boolean encode, long self, byte[] context, byte[] failure, long[] result) {
    return JniCalls.failure(encode, self, context, failure, result);
  }

  @Override
  public int message(
      boolean encode,
      long self,
      byte[] context,
      byte[] name,
      int flags,
      byte[] message,
      long[] result) {
    return JniCalls.message(encode, self, context, name, flags, message, result);
  }

  @Override
  public int history(long self, byte[] context, byte[] history, long[] result) {
    return JniCalls.history(self, context, history, result);
  }

  @Override
  public int abiVersion() {
    return JniCalls.abiVersion();
  }

  @Override
  public String version() {
    return new String(JniCalls.version(), StandardCharsets.UTF_8);
  }

  @Override
  public int open(byte[] path, @Nullable byte[] namespace, long[] result) {
    return JniCalls.open(path, namespace, result);
  }

  @Override
  public int parse(byte[] document, byte[] baseDir, @Nullable byte[] namespace, long[] result) {
    return JniCalls.parse(document, baseDir, namespace, result);
  }

  @Override
  public int reload(long self, long[] result) {
    return JniCalls.reload(self, result);
  }

  @Override
  public int flags(long self) {
    return JniCalls.flags(self);
  }

  @Override
  public void free(long self) {
    JniCalls.free(self);
  }

  @Override
  public int keyProvide(long self, byte[] id, byte[] key, long[] result) {
    return JniCalls.keyProvide(self, id, key, result);
  }

  @Override
  public int keyReject(long self, byte[] id, long[] result) {
    return JniCalls.keyReject(self, id, result);
  }

  @Override
  public int descriptorProvide(long self, byte[] files, long[] result) {
    return JniCalls.descriptorProvide(self, files, result);
  }

  @Override
  public int remoteProvide(long self, long request, int httpStatus, byte[] body, long[] result) {
    return JniCalls.remoteProvide(self, request, httpStatus, body, result);
  }

  @Override
  public long bound(boolean encode, long self, long payloadLength) {
    return JniCalls.bound(encode, self, payloadLength);
  }

  @Override
  public byte[] takeOwned(long[] result) {
    return JniCalls.takeOwned(result[OWNED], result[OWNED + 1], result[OWNED + 2]);
  }

  @Override
  public boolean isTransient(int status) {
    return JniCalls.isTransient(status);
  }

  @Override
  public byte[] errorMessage(long error) {
    return JniCalls.errorMessage(error);
  }

  @Override
  public long errorPayloadIndex(long error) {
    return JniCalls.errorPayloadIndex(error);
  }

  @Override
  public long errorSizeNeeded(long error) {
    return JniCalls.errorSizeNeeded(error);
  }

  @Override
  public long errorKeyCount(long error) {
    return JniCalls.errorKeyCount(error);
  }

  @Override
  public byte[] errorKeyId(long error, long index) {
    return JniCalls.errorKeyId(error, index);
  }

  @Override
  public byte[] errorTypeName(long error) {
    return JniCalls.errorTypeName(error);
  }

  @Override
  public byte[] errorRequestUrl(long error) {
    return JniCalls.errorRequestUrl(error);
  }

  @Override
  public byte[] errorRequestBody(long error) {
    return JniCalls.errorRequestBody(error);
  }

  @Override
  public long errorRequestHeaderCount(long error) {
    return JniCalls.errorRequestHeaderCount(error);
  }

  @Override
  public byte[] errorRequestHeader(long error, long index, boolean value) {
    return JniCalls.errorRequestHeader(error, index, value);
  }

  @Override
  public int errorRequestTimeoutMs(long error) {
    return JniCalls.errorRequestTimeoutMs(error);
  }

  @Override
  public long errorRequestMaxResponse(long error) {
    return JniCalls.errorRequestMaxResponse(error);
  }

  @Override
  public void errorFree(long error) {
    JniCalls.errorFree(error);
  }
}
