package io.tdc.peers;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.PayloadCodecException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nonnull;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The encryption codec that the samples describe, with Java's own crypto: AES-256-GCM over the
 * serialised payload, a cipher made for each call, data = 12 bytes of nonce, then ciphertext, then
 * 16 bytes of tag.
 */
public final class SampleCodec implements PayloadCodec {
  static final String ENCODING = "encoding";
  static final String KEY_ID = "encryption-key-id";
  static final String CIPHER = "encryption-cipher";
  static final ByteString ENCRYPTED = ByteString.copyFromUtf8("binary/encrypted");
  static final String TRANSFORMATION = "AES/GCM/NoPadding";
  static final int NONCE_LENGTH = 12;
  static final int TAG_BITS = 128;

  private final SecureRandom random = new SecureRandom();
  private final ByteString keyId;
  private final SecretKey key;
  private final boolean namesCipher;

  /** A codec with one key. */
  public SampleCodec(String keyId, byte[] key) {
    this(ByteString.copyFromUtf8(keyId), key, false);
  }

  private SampleCodec(ByteString keyId, byte[] key, boolean namesCipher) {
    this.keyId = keyId;
    this.key = new SecretKeySpec(key, "AES");
    this.namesCipher = namesCipher;
  }

  /**
   * The form of the Java sample: it names the cipher as well, and the key's id is the key itself.
   */
  public static SampleCodec ofJavaSample(byte[] key) {
    return new SampleCodec(ByteString.copyFrom(key), key, true);
  }

  @Nonnull
  @Override
  public List<Payload> encode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(this::encodeOne).collect(Collectors.toList());
  }

  @Nonnull
  @Override
  public List<Payload> decode(@Nonnull List<Payload> payloads) {
    return payloads.stream().map(this::decodeOne).collect(Collectors.toList());
  }

  private Payload encodeOne(Payload payload) {
    try {
      byte[] nonce = new byte[NONCE_LENGTH];
      random.nextBytes(nonce);
      Cipher cipher = Cipher.getInstance(TRANSFORMATION);
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
      byte[] ciphertext = cipher.doFinal(payload.toByteArray());
      byte[] sealed =
          ByteBuffer.allocate(nonce.length + ciphertext.length).put(nonce).put(ciphertext).array();
      Payload.Builder encoded =
          Payload.newBuilder().putMetadata(ENCODING, ENCRYPTED).putMetadata(KEY_ID, keyId);
      if (namesCipher) {
        encoded.putMetadata(CIPHER, ByteString.copyFromUtf8(TRANSFORMATION));
      }
      return encoded.setData(ByteString.copyFrom(sealed)).build();
    } catch (GeneralSecurityException e) {
      throw new PayloadCodecException(e);
    }
  }

  private Payload decodeOne(Payload payload) {
    if (!ENCRYPTED.equals(payload.getMetadataOrDefault(ENCODING, ByteString.EMPTY))) {
      return payload;
    }
    if (!keyId.equals(payload.getMetadataOrDefault(KEY_ID, ByteString.EMPTY))) {
      throw new PayloadCodecException("a payload of another key");
    }
    try {
      ByteBuffer sealed = ByteBuffer.wrap(payload.getData().toByteArray());
      if (sealed.remaining() < NONCE_LENGTH) {
        throw new PayloadCodecException("too short for a nonce");
      }
      byte[] nonce = new byte[NONCE_LENGTH];
      sealed.get(nonce);
      byte[] ciphertext = new byte[sealed.remaining()];
      sealed.get(ciphertext);
      Cipher cipher = Cipher.getInstance(TRANSFORMATION);
      cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
      return Payload.parseFrom(cipher.doFinal(ciphertext));
    } catch (GeneralSecurityException | InvalidProtocolBufferException e) {
      throw new PayloadCodecException(e);
    }
  }
}
