package io.tdc;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** A key service with one key for each URI, which wraps by the JDK's AES-GCM. */
class CountingKeyService implements KeyService {
  static final String URI = "awskms://alias/orders?region=eu-central-1";

  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  final AtomicInteger wraps = new AtomicInteger();
  final AtomicInteger unwraps = new AtomicInteger();

  /** The data key that was wrapped last, in the service's own array. */
  byte[] last = {};

  /** The array that was given last as a data key. */
  byte[] given = {};

  /** One key of a key service, and options of its own. */
  static String config(String... options) {
    String more = options.length == 0 ? "" : ", " + String.join(", ", options);
    return String.join(
        "\n",
        "version: 1",
        "keys:",
        "  primary: orders",
        "  ring: { orders: { service: \"" + URI + "\"" + more + " } }",
        "codecs: [encrypt]",
        "");
  }

  static Tdc open(KeyService service, String... options) {
    return Tdc.builder(config(options), Configs.HERE).keyService(service).open();
  }

  @Override
  public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
    wraps.incrementAndGet();
    last = dataKey;
    byte[] nonce = new byte[NONCE];
    new SecureRandom().nextBytes(nonce);
    byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, nonce).doFinal(dataKey);
    byte[] wrapped = Arrays.copyOf(nonce, NONCE + sealed.length);
    System.arraycopy(sealed, 0, wrapped, NONCE, sealed.length);
    return wrapped;
  }

  @Override
  public byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception {
    unwraps.incrementAndGet();
    byte[] nonce = Arrays.copyOf(wrapped, NONCE);
    try {
      byte[] dataKey =
          cipher(Cipher.DECRYPT_MODE, key, nonce).doFinal(wrapped, NONCE, wrapped.length - NONCE);
      // Several threads ask at once, and each is answered with its own.
      given = dataKey;
      return dataKey;
    } catch (AEADBadTagException e) {
      throw KeyServiceException.invalid("it was changed");
    }
  }

  private static Cipher cipher(int mode, KeyServiceKey key, byte[] nonce)
      throws GeneralSecurityException {
    byte[] kek = new byte[32];
    byte[] uri = key.uri().getBytes(StandardCharsets.UTF_8);
    System.arraycopy(uri, 0, kek, 0, Math.min(uri.length, kek.length));
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(kek, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }
}
