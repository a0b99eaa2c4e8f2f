package io.tdc.e2e;

import io.tdc.KeyProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * A key provider that takes longer than a workflow may run without giving way: the deadlock
 * detector must know.
 */
final class SlowProvider implements KeyProvider {
  private final Path vault;

  SlowProvider(Path vault) {
    this.vault = vault;
  }

  @Override
  public byte[] key(String id) throws IOException, InterruptedException {
    System.out.println("e2e: asked " + id);
    Thread.sleep(3000);
    return read(vault, id);
  }

  static byte[] read(Path vault, String id) throws IOException {
    Path file = vault.resolve(id + ".key");
    return Files.exists(file) ? Base64.getDecoder().decode(Files.readString(file).strip()) : null;
  }
}
