package io.tdc;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The transit engine of Vault, as far as the clients in {@code libtdc_keys} use it, for a program
 * in another JVM: variables that name the server are read by a program once.
 */
final class FakeVault implements AutoCloseable {
  private static final String TOKEN = "hvs.a-secret-token-of-the-tests";
  private static final Pattern FIELD = Pattern.compile("\"(?:plain|cipher)text\":\"([^\"]*)\"");
  private static final String PREFIX = "vault:v1:";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** The data keys that were to be wrapped. */
  final List<byte[]> dataKeys = new CopyOnWriteArrayList<>();

  final AtomicInteger unwraps = new AtomicInteger();

  /** The wrap with this number is kept back until {@code /go} is asked for; 0 is none. */
  int keptBack;

  /** What it refuses with; 0 is not at all. */
  int refuses;

  /** How long an unwrap takes. */
  Duration takes = Duration.ZERO;

  private final CountDownLatch isKept = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountingKeyService keys = new CountingKeyService();
  private final KeyServiceKey key = new KeyServiceKey("orders", List.of(), Duration.ZERO);
  private final FarServer server = new FarServer(this::handle);

  /** One key of Vault's, and options of its own. */
  static String config(String... options) {
    return CountingKeyService.config(options)
        .replace(CountingKeyService.URI, "hashivault://orders");
  }

  /** Where {@code scripts/java-setup} puts the library that the jar gets. */
  static Path library() {
    return Path.of("target/natives" + LibraryCopy.resource(System.mapLibraryName("tdc_keys")))
        .toAbsolutePath();
  }

  /** The variables of a program that asks this server by the clients in the library. */
  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("TDC_KEYS_LIBRARY", library().toString());
    environment.put("VAULT_ADDR", address());
    environment.put("VAULT_TOKEN", TOKEN);
    return environment;
  }

  String address() {
    return "http://127.0.0.1:" + server.port();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Matcher field = FIELD.matcher(body);
    String value = field.find() ? field.group(1) : "";
    String path = exchange.getRequestURI().getPath();
    try {
      if (path.equals("/kept")) {
        FarServer.send(exchange, isKept.await(20, TimeUnit.SECONDS) ? 200 : 500, "");
      } else if (path.equals("/go")) {
        goOn.countDown();
        FarServer.send(exchange, 200, "");
      } else if (!TOKEN.equals(exchange.getRequestHeaders().getFirst("X-Vault-Token"))) {
        FarServer.send(exchange, 403, "{\"errors\":[\"missing client token\"]}");
      } else if (refuses != 0 && path.startsWith("/v1/transit/")) {
        FarServer.send(exchange, refuses, "{\"errors\":[\"permission denied for " + TOKEN + "\"]}");
      } else if (path.equals("/v1/transit/encrypt/orders")) {
        FarServer.send(exchange, 200, data("ciphertext", PREFIX + base64(wrap(value))));
      } else if (path.equals("/v1/transit/decrypt/orders")) {
        FarServer.send(exchange, 200, data("plaintext", base64(unwrap(value))));
      } else {
        FarServer.send(exchange, 404, "{\"errors\":[]}");
      }
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      FarServer.send(exchange, 400, "{\"errors\":[\"" + e.getMessage() + "\"]}");
    }
  }

  private byte[] wrap(String plaintext) throws Exception {
    byte[] dataKey = Base64.getDecoder().decode(plaintext);
    dataKeys.add(dataKey);
    if (dataKeys.size() == keptBack) {
      isKept.countDown();
      goOn.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }
    return keys.wrap(key, dataKey);
  }

  private byte[] unwrap(String ciphertext) throws Exception {
    unwraps.incrementAndGet();
    Thread.sleep(takes.toMillis());
    return keys.unwrap(key, Base64.getDecoder().decode(ciphertext.substring(PREFIX.length())));
  }

  private static String data(String name, String value) {
    return "{\"data\":{\"" + name + "\":\"" + value + "\"}}";
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  @Override
  public void close() {
    goOn.countDown();
    server.close();
  }
}
