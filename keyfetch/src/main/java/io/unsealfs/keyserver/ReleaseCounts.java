package io.unsealfs.keyserver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * How often each limited secret was released. A release counts before it happens and is on the disk
 * by then, so that neither a crash nor a restart gives one back. Thread-safe.
 *
 * <p>One server counts for itself; several servers count in their {@link StoredReleaseCounts
 * store}.
 */
final class ReleaseCounts implements ReleaseCounter {
  private static final String HEAD = "unsealfs release counts 1";
  private static final int MAX_BYTES = 4 << 20;

  private final Optional<Path> file;
  private final Map<String, Integer> counts;

  private ReleaseCounts(Optional<Path> file, Map<String, Integer> counts) {
    this.file = file;
    this.counts = counts;
  }

  /**
   * Reads the counts; a file that is not there begins at nothing.
   *
   * @param file empty if nothing is limited
   * @throws KeyServerConfigException if the file holds anything else
   */
  static ReleaseCounts open(Optional<Path> file) throws KeyServerConfigException {
    Map<String, Integer> counts = new TreeMap<>();
    if (file.isPresent() && Files.exists(file.get())) {
      byte[] bytes = OwnerOnlyFile.readSecret(file.get(), "release counts", MAX_BYTES);
      String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", -1);
      if (!lines[0].equals(HEAD) || !lines[lines.length - 1].isEmpty()) {
        throw damaged(file.get());
      }
      for (int i = 1; i < lines.length - 1; i++) {
        String[] parts = lines[i].split(" ", 2);
        if (parts.length != 2
            || !parts[0].matches("[0-9]{1,9}")
            || counts.put(parts[1], Integer.valueOf(parts[0])) != null) {
          throw damaged(file.get());
        }
      }
    }
    return new ReleaseCounts(file, counts);
  }

  private static KeyServerConfigException damaged(Path file) {
    return new KeyServerConfigException(
        "release counts "
            + file
            + ": not in its own form; restore it, or remove it to count from nothing");
  }

  /** What was counted, by secret. */
  synchronized Map<String, Integer> counted() {
    return Map.copyOf(counts);
  }

  @Override
  public synchronized boolean take(String secret, int max) throws IOException {
    int before = counts.getOrDefault(secret, 0);
    if (before >= max) {
      return false;
    }
    if (file.isEmpty()) {
      throw new IOException("there is no file to count releases in");
    }
    counts.put(secret, before + 1);
    try {
      write(file.get());
    } catch (IOException e) {
      counts.put(secret, before);
      throw e;
    }
    return true;
  }

  private void write(Path target) throws IOException {
    StringBuilder text = new StringBuilder(HEAD).append('\n');
    counts.forEach((name, count) -> text.append(count).append(' ').append(name).append('\n'));
    Path fresh = target.resolveSibling(target.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (FileChannel out =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Path directory = target.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
        entry.force(true);
      }
    }
  }
}
