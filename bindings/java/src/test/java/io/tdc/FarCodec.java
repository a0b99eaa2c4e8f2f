package io.tdc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.PayloadCodecException;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nonnull;

/** A codec that only a server has: the whole payload backwards. */
final class FarCodec implements PayloadCodec {
  static final String ENCODING = "binary/far";
  private static final ByteString MARK = ByteString.copyFromUtf8(ENCODING);

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(FarCodec::encode).collect(Collectors.toList());
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(FarCodec::decode).collect(Collectors.toList());
  }

  private static Payload encode(Payload plain) {
    ByteString data = backwards(plain.toByteString());
    return Payload.newBuilder().putMetadata("encoding", MARK).setData(data).build();
  }

  private static Payload decode(Payload encoded) {
    if (!MARK.equals(encoded.getMetadataMap().get("encoding"))) {
      return encoded;
    }
    try {
      return Payload.parseFrom(backwards(encoded.getData()));
    } catch (InvalidProtocolBufferException e) {
      throw new PayloadCodecException(e);
    }
  }

  private static ByteString backwards(ByteString bytes) {
    byte[] all = new byte[bytes.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = bytes.byteAt(all.length - 1 - i);
    }
    return ByteString.copyFrom(all);
  }
}
