package io.tdc;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code tdc serve} with a configuration, on a free port. */
final class TdcServe implements AutoCloseable {
  private static final Path TDC = Path.of("../../target/release/tdc").toAbsolutePath();
  private static final Pattern ADDRESS = Pattern.compile("\"address\":\"[^\"]*:([0-9]+)\"");

  private final Process process;
  final int port;

  TdcServe(Path directory, String config) throws IOException {
    Files.writeString(directory.resolve("tdc.yaml"), config);
    process =
        new ProcessBuilder(
                TDC.toString(), "serve", "--config", "tdc.yaml", "--listen", "127.0.0.1:0")
            .directory(directory.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    port = portOf(process.errorReader());
  }

  private static int portOf(BufferedReader log) throws IOException {
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      Matcher address = ADDRESS.matcher(line);
      if (address.find()) {
        return Integer.parseInt(address.group(1));
      }
    }
    throw new IOException("tdc serve ended before it listened");
  }

  @Override
  public void close() {
    process.destroy();
  }
}
