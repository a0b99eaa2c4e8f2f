package io.tdc.peers;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.PayloadCodecException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nonnull;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The sample's codec as fast as Java allows: a cipher kept for each thread, arrays of the exact
 * size, and no copy but the serialisation itself and the one that Java's API asks for on the way
 * in.
 */
public final class TunedCodec implements PayloadCodec {
  private static final int TAG_LENGTH = SampleCodec.TAG_BITS / 8;

  private final ThreadLocal<Cipher> ciphers = ThreadLocal.withInitial(TunedCodec::newCipher);
  private final SecureRandom random = new SecureRandom();
  private final ByteString keyId;
  private final SecretKey key;

  /** A codec with one key. */
  public TunedCodec(String keyId, byte[] key) {
    this.keyId = ByteString.copyFromUtf8(keyId);
    this.key = new SecretKeySpec(key, "AES");
  }

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    List<Payload> encoded = new ArrayList<>(payloads.size());
    for (Payload payload : payloads) {
      encoded.add(encodeOne(payload));
    }
    return encoded;
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    List<Payload> decoded = new ArrayList<>(payloads.size());
    for (Payload payload : payloads) {
      decoded.add(decodeOne(payload));
    }
    return decoded;
  }

  private Payload encodeOne(Payload payload) {
    byte[] plaintext = payload.toByteArray();
    byte[] nonce = new byte[SampleCodec.NONCE_LENGTH];
    random.nextBytes(nonce);
    byte[] sealed = new byte[nonce.length + plaintext.length + TAG_LENGTH];
    System.arraycopy(nonce, 0, sealed, 0, nonce.length);
    try {
      Cipher cipher = ciphers.get();
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(SampleCodec.TAG_BITS, nonce));
      cipher.doFinal(plaintext, 0, plaintext.length, sealed, nonce.length);
    } catch (GeneralSecurityException e) {
      throw new PayloadCodecException(e);
    }
    return Payload.newBuilder()
        .putMetadata(SampleCodec.ENCODING, SampleCodec.ENCRYPTED)
        .putMetadata(SampleCodec.KEY_ID, keyId)
        .setData(UnsafeByteOperations.unsafeWrap(sealed))
        .build();
  }

  private Payload decodeOne(Payload payload) {
    ByteString encoding = payload.getMetadataOrDefault(SampleCodec.ENCODING, ByteString.EMPTY);
    if (!SampleCodec.ENCRYPTED.equals(encoding)) {
      return payload;
    }
    if (!keyId.equals(payload.getMetadataOrDefault(SampleCodec.KEY_ID, ByteString.EMPTY))) {
      throw new PayloadCodecException("a payload of another key");
    }
    byte[] sealed = payload.getData().toByteArray();
    int start = SampleCodec.NONCE_LENGTH;
    if (sealed.length < start + TAG_LENGTH) {
      throw new PayloadCodecException("too short for a nonce and a tag");
    }
    try {
      Cipher cipher = ciphers.get();
      cipher.init(
          Cipher.DECRYPT_MODE, key, new GCMParameterSpec(SampleCodec.TAG_BITS, sealed, 0, start));
      byte[] plaintext = cipher.doFinal(sealed, start, sealed.length - start);
      CodedInputStream input = UnsafeByteOperations.unsafeWrap(plaintext).newCodedInput();
      input.enableAliasing(true);
      return Payload.parser().parseFrom(input);
    } catch (GeneralSecurityException | IOException e) {
      throw new PayloadCodecException(e);
    }
  }

  private static Cipher newCipher() {
    try {
      return Cipher.getInstance(SampleCodec.TRANSFORMATION);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
