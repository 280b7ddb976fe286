package io.unsealfs.attest.tdx;

import io.unsealfs.attest.tsm.TsmFiles;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Plays configfs-tsm in a plain directory: the files appear with mkdir and go with rmdir. */
final class FakeKernel extends TsmFiles {
  String provider = "tdx_guest\n";
  int foreignWrites;
  UnaryOperator<byte[]> quoting = FakeKernel::quote;
  final Deque<String> outblobErrors = new ArrayDeque<>();
  final List<Path> created = new ArrayList<>();

  @Override
  public void create(Path report) throws IOException {
    super.create(report);
    created.add(report);
    Files.writeString(report.resolve("provider"), provider);
    Files.createFile(report.resolve("inblob"));
    Files.createFile(report.resolve("outblob"));
    Files.writeString(report.resolve("generation"), "0\n");
  }

  @Override
  public void write(Path attribute, byte[] bytes) throws IOException {
    super.write(attribute, bytes);
    Path report = attribute.resolveSibling(".");
    byte[] asked = Files.readAllBytes(report.resolve("inblob"));
    Files.write(report.resolve("outblob"), quoting.apply(asked));
    Files.writeString(report.resolve("generation"), (1 + foreignWrites) + "\n");
    foreignWrites = 0;
  }

  @Override
  public byte[] read(Path attribute, int maxBytes) throws IOException {
    if (attribute.endsWith("outblob") && !outblobErrors.isEmpty()) {
      throw new FileSystemException(attribute.toString(), null, outblobErrors.remove());
    }
    return super.read(attribute, maxBytes);
  }

  @Override
  public void remove(Path report) throws IOException {
    try (Stream<Path> files = Files.list(report)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    super.remove(report);
  }

  /** A version 4 quote over {@code reportData}, padded as the kernel's buffer is. */
  static byte[] quote(byte[] reportData) {
    byte[] quote = new byte[4096];
    quote[0] = 4;
    quote[2] = 2;
    quote[4] = (byte) 0x81;
    quote[48 + 123] = 0x10;
    System.arraycopy(reportData, 0, quote, 48 + 520, reportData.length);
    quote[48 + 584] = 100;
    quote[48 + 584 + 4 + 99] = 1;
    return quote;
  }
}
