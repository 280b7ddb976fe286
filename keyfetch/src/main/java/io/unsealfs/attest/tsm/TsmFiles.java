package io.unsealfs.attest.tsm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The file operations a configfs-tsm report takes; tests put a kernel of their own behind them. */
public class TsmFiles {

  /** mkdir: creates the report, whose files appear at once. */
  public void create(Path report) throws IOException {
    Files.createDirectory(report);
  }

  /** rmdir: the files in it cannot be removed, only the directory. */
  public void remove(Path report) throws IOException {
    Files.delete(report);
  }

  /** Writes an attribute in one write, as configfs wants it. */
  public void write(Path attribute, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(attribute, StandardOpenOption.WRITE)) {
      int written = channel.write(ByteBuffer.wrap(bytes));
      if (written != bytes.length) {
        throw new IOException(
            "only %d of %d bytes were taken by %s".formatted(written, bytes.length, attribute));
      }
    }
  }

  /** Reads an attribute to its end, but no more than {@code maxBytes}; its stat size says 0. */
  public byte[] read(Path attribute, int maxBytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(8 << 10);
    try (FileChannel channel = FileChannel.open(attribute, StandardOpenOption.READ)) {
      while (out.size() < maxBytes) {
        buffer.clear().limit(Math.min(buffer.capacity(), maxBytes - out.size()));
        int read = channel.read(buffer);
        if (read < 0) {
          break;
        }
        out.write(buffer.array(), 0, read);
      }
    }
    return out.toByteArray();
  }
}
