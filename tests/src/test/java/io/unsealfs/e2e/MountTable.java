package io.unsealfs.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The kernel's list of mounts. */
final class MountTable {
  private MountTable() {}

  /** How many mounts lie on top of each other at {@code mountPoint}. */
  static long count(Path mountPoint) {
    return lines().stream().filter(fields -> fields[4].equals(mountPoint.toString())).count();
  }

  static boolean isMounted(Path mountPoint) {
    return count(mountPoint) > 0;
  }

  /** Options of the topmost mount there, of the mount and of the super block. */
  static String describe(Path mountPoint) {
    return lines().stream()
        .filter(fields -> fields[4].equals(mountPoint.toString()))
        .map(fields -> String.join(" ", fields))
        .reduce("not mounted", (first, second) -> second);
  }

  private static List<String[]> lines() {
    try {
      // paths of tests hold no character that the kernel would escape
      return Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)
          .stream()
          .map(line -> line.split(" ", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
