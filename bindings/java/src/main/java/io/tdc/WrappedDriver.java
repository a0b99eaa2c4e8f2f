package io.tdc;

import io.temporal.api.common.v1.Payload;
import io.temporal.payload.storage.StorageDriver;
import io.temporal.payload.storage.StorageDriverClaim;
import io.temporal.payload.storage.StorageDriverRetrieveContext;
import io.temporal.payload.storage.StorageDriverStoreContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nonnull;

/** A driver around the driver, with every spelling in claims: a codec never sees a claim. */
final class WrappedDriver implements StorageDriver {
  private static final List<List<String>> HASH =
      List.of(List.of("hash_algorithm", "hashAlgorithm"), List.of("hash_value", "hashValue"));

  /**
   * Only for Google's drivers: it would repeat the long key of every S3 object in the history, and
   * to a driver of somebody's own {@code key} and {@code object} may be two things.
   */
  private static final List<List<String>> GCS =
      List.of(List.of("key", "object", "object_name"), HASH.get(0), HASH.get(1));

  private final StorageDriver driver;

  WrappedDriver(StorageDriver driver) {
    this.driver = driver;
  }

  @Nonnull
  @Override
  public String getName() {
    return driver.getName();
  }

  @Nonnull
  @Override
  public String getType() {
    return driver.getType();
  }

  @Nonnull
  @Override
  public CompletableFuture<List<StorageDriverClaim>> store(
      @Nonnull StorageDriverStoreContext context, @Nonnull List<Payload> payloads) {
    return driver.store(context, payloads).thenApply(this::withEverySpelling);
  }

  @Nonnull
  @Override
  public CompletableFuture<List<Payload>> retrieve(
      @Nonnull StorageDriverRetrieveContext context, @Nonnull List<StorageDriverClaim> claims) {
    List<StorageDriverClaim> spelled;
    try {
      spelled = withEverySpelling(claims);
    } catch (TdcException e) {
      return CompletableFuture.failedFuture(e);
    }
    return driver.retrieve(context, spelled);
  }

  private List<StorageDriverClaim> withEverySpelling(List<StorageDriverClaim> claims) {
    List<List<String>> spellings = getType().equals("gcp.gcsdriver") ? GCS : HASH;
    List<StorageDriverClaim> spelled = new ArrayList<>(claims.size());
    for (StorageDriverClaim claim : claims) {
      Map<String, String> data = new HashMap<>(claim.getClaimData());
      for (List<String> names : spellings) {
        spell(data, names, spelled.size());
      }
      spelled.add(new StorageDriverClaim(data));
    }
    return spelled;
  }

  /** Adds the names that are missing, if one is there. */
  private void spell(Map<String, String> data, List<String> names, int index) {
    String first = null;
    for (String name : names) {
      if (!data.containsKey(name)) {
        continue;
      }
      if (first == null) {
        first = name;
      } else if (!data.get(name).equals(data.get(first))) {
        String text =
            "the claim of the storage driver \""
                + getName()
                + "\" is contradictory: its "
                + first
                + " and "
                + name
                + " disagree";
        throw new TdcException(Abi.ERR_REFERENCE, index, text, null);
      }
    }
    if (first != null) {
      String value = data.get(first);
      names.forEach(name -> data.put(name, value));
    }
  }
}
