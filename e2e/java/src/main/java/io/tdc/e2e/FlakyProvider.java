package io.tdc.e2e;

import io.tdc.KeyProvider;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A key provider that is away the first two times it is asked for a key. */
final class FlakyProvider implements KeyProvider {
  private final Path vault;
  private final Map<String, Integer> asked = new ConcurrentHashMap<>();

  FlakyProvider(Path vault) {
    this.vault = vault;
  }

  @Override
  public byte[] key(String id) throws IOException {
    System.out.println("e2e: asked " + id);
    if (asked.merge(id, 1, Integer::sum) <= 2) {
      throw new ConnectException("the vault is away");
    }
    return SlowProvider.read(vault, id);
  }
}
