package io.tdc.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tdc.KeyService;
import io.tdc.KeyServiceException;
import io.tdc.KeyServiceKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** A program's own client of OpenBao's transit engine, beside workers that load libtdc_keys. */
final class Transit implements KeyService {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private final String address = System.getenv("VAULT_ADDR");
  private final String token = System.getenv("VAULT_TOKEN");

  @Override
  public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
    String plaintext = Base64.getEncoder().encodeToString(dataKey);
    return ask("encrypt", key, "plaintext", plaintext, "ciphertext")
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception {
    String ciphertext = new String(wrapped, StandardCharsets.UTF_8);
    return Base64.getDecoder().decode(ask("decrypt", key, "ciphertext", ciphertext, "plaintext"));
  }

  private String ask(String verb, KeyServiceKey key, String name, String value, String answer)
      throws IOException, InterruptedException, KeyServiceException {
    String path = "/v1/transit/" + verb + "/" + key.uri().replace("hashivault://", "");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + path))
            .header("X-Vault-Token", token)
            .timeout(key.timeout())
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    JSON.createObjectNode().put(name, value).toString()))
            .build();
    var response = client.send(request, BodyHandlers.ofString());
    JsonNode body = JSON.readTree(response.body());
    String errors = body.path("errors").toString();
    boolean isInvalid = errors.contains("authentication failed") || errors.contains("invalid");
    if (response.statusCode() == 400 && isInvalid) {
      throw KeyServiceException.invalid(errors);
    }
    if (response.statusCode() / 100 == 4) {
      throw KeyServiceException.refused(errors);
    }
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode());
    }
    return body.path("data").path(answer).textValue();
  }
}
