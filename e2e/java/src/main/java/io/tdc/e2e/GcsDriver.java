package io.tdc.e2e;

import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.payload.storage.StorageDriverClaim;
import io.temporal.payload.storage.StorageDriverRetrieveContext;
import io.temporal.payload.storage.StorageDriverStoreContext;
import io.temporal.payload.storage.StorageDriverWorkflowInfo;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;

/** A driver for Google's store: Java's SDK has the interface and no driver. */
final class GcsDriver implements StorageDriver {
  private final HttpClient http = HttpClient.newHttpClient();
  private final String endpoint;
  private final String bucket;

  GcsDriver(String endpoint, String bucket) {
    this.endpoint = endpoint;
    this.bucket = bucket;
  }

  @Override
  public String getName() {
    return "gcp.gcsdriver";
  }

  @Override
  public String getType() {
    return "gcp.gcsdriver";
  }

  @Override
  public CompletableFuture<List<StorageDriverClaim>> store(
      StorageDriverStoreContext context, List<Payload> payloads) {
    return CompletableFuture.supplyAsync(
        () -> {
          List<StorageDriverClaim> claims = new ArrayList<>();
          for (Payload payload : payloads) {
            byte[] data = payload.toByteArray();
            String hash = hash(data);
            String key = "v0" + place(context) + "/d/sha256/" + hash;
            String query = "?uploadType=media&name=" + escaped(key);
            ask(
                HttpRequest.newBuilder(
                        URI.create(endpoint + "/upload/storage/v1/b/" + bucket + "/o" + query))
                    .POST(BodyPublishers.ofByteArray(data)));
            claims.add(
                new StorageDriverClaim(
                    Map.of(
                        "bucket", bucket,
                        "object_name", key,
                        "hash_algorithm", "sha256",
                        "hash_value", hash)));
          }
          return claims;
        });
  }

  @Override
  public CompletableFuture<List<Payload>> retrieve(
      StorageDriverRetrieveContext context, List<StorageDriverClaim> claims) {
    return CompletableFuture.supplyAsync(
        () -> {
          List<Payload> payloads = new ArrayList<>();
          for (StorageDriverClaim claim : claims) {
            Map<String, String> of = claim.getClaimData();
            String path = "/storage/v1/b/" + of.get("bucket") + "/o/";
            URI uri = URI.create(endpoint + path + escaped(of.get("object_name")) + "?alt=media");
            byte[] data = ask(HttpRequest.newBuilder(uri));
            if (!hash(data).equals(of.get("hash_value"))) {
              throw new IllegalStateException("the object has another hash");
            }
            try {
              payloads.add(Payload.parseFrom(data));
            } catch (InvalidProtocolBufferException malformed) {
              throw new IllegalStateException(malformed);
            }
          }
          return payloads;
        });
  }

  private static String place(StorageDriverStoreContext context) {
    if (context.getTarget() instanceof StorageDriverWorkflowInfo workflow) {
      return "/ns/%s/wt/%s/wi/%s/ri/%s"
          .formatted(
              segment(workflow.getNamespace()),
              segment(workflow.getType()),
              segment(workflow.getId()),
              segment(workflow.getRunId()));
    }
    return "";
  }

  private static String segment(@Nullable String text) {
    return text == null || text.isEmpty() ? "null" : escaped(text);
  }

  private byte[] ask(HttpRequest.Builder request) {
    try {
      var response = http.send(request.build(), BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IllegalStateException("status " + response.statusCode());
      }
      return response.body();
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(interrupted);
    }
  }

  /** For queries and paths; in a path, + is not a space. */
  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String hash(byte[] data) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
