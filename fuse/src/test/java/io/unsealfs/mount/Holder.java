package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/** A probe that says one line, and the rest when it is told to go on. */
final class Holder implements AutoCloseable {
  private final Process process;
  private final InputStream out;

  Holder(Path point, String word, String path, Object... arguments) throws Exception {
    process =
        new ProcessBuilder(Probe.command(point, word, path, arguments))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    out = process.getInputStream();
  }

  String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = out.read(); c >= 0 && c != '\n'; c = out.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  byte[] rest() throws Exception {
    try (OutputStream in = process.getOutputStream()) {
      in.write('\n');
    }
    byte[] all = out.readAllBytes();
    assertEquals(0, process.waitFor());
    return all;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
