package io.tdc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An authority that no machine knows, and of it a certificate for 127.0.0.1. */
final class PrivateAuthority {
  private static final String PASSWORD = "password";

  private final KeyStore keys;

  /** The JDK's own tool is the one way to certificates that needs nothing else. */
  PrivateAuthority(Path directory) throws Exception {
    Path store = directory.resolve("authority.p12");
    make(store, "authority", "-ext", "bc:critical=ca:true");
    make(store, "server", "-signer", "authority", "-ext", "san=ip:127.0.0.1");
    keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
  }

  private static void make(Path store, String name, String... more) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(keytool, "-genkeypair", "-keyalg", "RSA"));
    command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
    command.addAll(List.of("-alias", name, "-dname", "CN=" + name));
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), US_ASCII);
    assertEquals(0, process.waitFor(), said);
  }

  /** Writes {@code server.crt} and {@code server.key}. */
  void write(Path directory) throws Exception {
    byte[] certificate = keys.getCertificate("server").getEncoded();
    byte[] key = keys.getKey("server", PASSWORD.toCharArray()).getEncoded();
    Files.writeString(directory.resolve("server.crt"), pem("CERTIFICATE", certificate));
    Files.writeString(directory.resolve("server.key"), pem("PRIVATE KEY", key));
  }

  private static String pem(String name, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + name + "-----\n" + text + "\n-----END " + name + "-----\n";
  }

  /** What a client needs that believes this authority, and no other. */
  SSLContext believed() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("authority", keys.getCertificate("authority"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    return tls;
  }
}
