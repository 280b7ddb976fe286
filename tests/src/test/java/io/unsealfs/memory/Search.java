package io.unsealfs.memory;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counts secrets in a file or in a process. */
final class Search {
  private static final int CHUNK = 1 << 20;

  private final Map<String, byte[][]> pieces;
  private final boolean[] starts = new boolean[1 << 16];
  private final int longest;

  Search(Map<String, byte[][]> pieces) {
    this.pieces = pieces;
    int most = 0;
    for (byte[][] forms : pieces.values()) {
      for (byte[] form : forms) {
        starts[start(form, 0)] = true;
        most = Math.max(most, form.length);
      }
    }
    this.longest = most;
  }

  private static int start(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }

  /** Secrets found in a heap dump, with how often. */
  Map<String, Integer> in(Path file) throws IOException {
    Map<String, Integer> found = new LinkedHashMap<>();
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      range(in, 0, in.length(), "", found);
    }
    return found;
  }

  /** Secrets found in the memory of a process, by kind of memory, with how often. */
  Map<String, Integer> in(long process, long heapFrom, long heapTo) throws IOException {
    Map<String, Integer> found = new LinkedHashMap<>();
    Path proc = Path.of("/proc", String.valueOf(process));
    try (RandomAccessFile memory = new RandomAccessFile(proc.resolve("mem").toFile(), "r")) {
      for (String line : Files.readAllLines(proc.resolve("maps"), StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split(" +", 6);
        String[] bounds = fields[0].split("-", -1);
        long from = Long.parseUnsignedLong(bounds[0], 16);
        long to = Long.parseUnsignedLong(bounds[1], 16);
        String name = fields.length > 5 ? fields[5] : "";
        // what cannot be written holds code and constants
        if (!fields[1].startsWith("rw") || from < 0 || name.startsWith("[v")) {
          continue;
        }
        boolean heap = from >= heapFrom && from < heapTo;
        String kind = heap ? "Java heap" : name.equals("[stack]") ? "stack" : "native";
        range(memory, from, to, kind + ": ", found);
      }
    }
    return found;
  }

  private void range(
      RandomAccessFile in, long from, long to, String kind, Map<String, Integer> found)
      throws IOException {
    byte[] window = new byte[CHUNK + longest];
    int kept = 0;
    for (long at = from; at < to; ) {
      int wanted = (int) Math.min(CHUNK, to - at);
      in.seek(at);
      int read;
      try {
        read = in.read(window, kept, wanted);
      } catch (IOException e) {
        // a mapping that went away, or cannot be read
        return;
      }
      if (read <= 0) {
        return;
      }
      int filled = kept + read;
      boolean last = at + read >= to;
      int end = last ? filled - 1 : filled - longest;
      for (int i = 0; i < end; i++) {
        if (starts[start(window, i)]) {
          match(window, i, filled, kind, found);
        }
      }
      at += read;
      kept = Math.max(0, filled - Math.max(0, end));
      System.arraycopy(window, filled - kept, window, 0, kept);
    }
  }

  private void match(byte[] window, int at, int filled, String kind, Map<String, Integer> found) {
    pieces.forEach((name, forms) -> {
      for (byte[] form : forms) {
        if (at + form.length <= filled
            && Arrays.equals(window, at, at + form.length, form, 0, form.length)) {
          found.merge(kind + name, 1, Integer::sum);
        }
      }
    });
  }
}
