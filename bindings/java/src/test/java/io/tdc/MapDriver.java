package io.tdc;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.payload.storage.StorageDriverClaim;
import io.temporal.payload.storage.StorageDriverRetrieveContext;
import io.temporal.payload.storage.StorageDriverStoreContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A driver over a map, with the keys and claims of TypeScript's for Amazon S3. */
final class MapDriver implements StorageDriver {
  static final String PREFIX = "v0/ns/orders/wt/t/wi/w/ri/r/d/sha256/";

  final Map<String, Payload> payloads = new ConcurrentHashMap<>();
  final List<List<StorageDriverClaim>> rounds = new CopyOnWriteArrayList<>();
  private final String name;
  private final Retrieve answer;

  /** What becomes of the payloads that were found. */
  interface Retrieve {
    CompletableFuture<List<Payload>> answer(
        List<Payload> found, StorageDriverRetrieveContext context);
  }

  MapDriver(String name) {
    this(name, (found, context) -> CompletableFuture.completedFuture(found));
  }

  MapDriver(String name, Retrieve answer) {
    this.name = name;
    this.answer = answer;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public String getType() {
    return "aws.s3driver";
  }

  @Override
  public CompletableFuture<List<StorageDriverClaim>> store(
      StorageDriverStoreContext context, List<Payload> given) {
    List<StorageDriverClaim> claims = new ArrayList<>();
    for (Payload payload : given) {
      String hash = hash(payload);
      String key = PREFIX + hash;
      payloads.put(key, payload);
      claims.add(
          new StorageDriverClaim(
              Map.of(
                  "bucket", "orders", "key", key, "hashAlgorithm", "sha256", "hashValue", hash)));
    }
    return CompletableFuture.completedFuture(claims);
  }

  @Override
  public CompletableFuture<List<Payload>> retrieve(
      StorageDriverRetrieveContext context, List<StorageDriverClaim> claims) {
    rounds.add(claims);
    List<Payload> found = new ArrayList<>();
    claims.forEach(claim -> found.add(payloads.get(claim.getClaimData().get("key"))));
    return answer.answer(found, context);
  }

  /** Stores payloads, and returns references to them as the SDK writes them. */
  List<Payload> refer(List<Payload> given) throws Exception {
    List<Payload> references = new ArrayList<>();
    for (StorageDriverClaim claim : store(null, given).get()) {
      references.add(reference(name, claim.getClaimData()));
    }
    return references;
  }

  static Payload reference(String driver, Map<String, String> claim) {
    List<String> entries = new ArrayList<>();
    claim.forEach((name, value) -> entries.add("\"" + name + "\":\"" + value + "\""));
    String data =
        "{\"driverName\":\"" + driver + "\",\"claimData\":{" + String.join(",", entries) + "}}";
    return Payload.newBuilder()
        .putMetadata("encoding", ByteString.copyFromUtf8("json/protobuf"))
        .putMetadata(
            "messageType", ByteString.copyFromUtf8("temporal.api.sdk.v1.ExternalStorageReference"))
        .setData(ByteString.copyFrom(data, StandardCharsets.UTF_8))
        .build();
  }

  private static String hash(Payload payload) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(payload.toByteArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
