package io.tdc;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.annotation.Nullable;

/** The result of a request: the response, or the status 0 and the reason in words. */
final class RemoteAnswer {
  final long id;
  private final int status;
  private final byte[] body;
  @Nullable final Throwable cause;

  RemoteAnswer(long id, int status, byte[] body, @Nullable Throwable cause) {
    this.id = id;
    this.status = status;
    this.body = body;
    this.cause = cause;
  }

  static RemoteAnswer none(RemoteRequest request, String reason, @Nullable Throwable cause) {
    return new RemoteAnswer(request.id, 0, reason.getBytes(StandardCharsets.UTF_8), cause);
  }

  /** As a {@code tdc.host.v1.HttpResponse}. */
  byte[] message() throws IOException {
    int size = CodedOutputStream.computeUInt32Size(1, status);
    byte[] response = new byte[size + CodedOutputStream.computeByteArraySize(2, body)];
    CodedOutputStream out = CodedOutputStream.newInstance(response);
    out.writeUInt32(1, status);
    out.writeByteArray(2, body);
    return response;
  }
}
