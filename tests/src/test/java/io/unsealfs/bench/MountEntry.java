package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A line of the mount table; mount points of a bench have no character that it would escape.
 *
 * @param device major:minor
 * @param mountPoint where it is
 */
record MountEntry(String device, Path mountPoint) {

  /** The mounts on {@code directory} and below it, in the order they were made. */
  static List<MountEntry> below(Path directory) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
        .map(line -> List.of(line.split(" ", 6)))
        .map(fields -> new MountEntry(fields.get(2), Path.of(fields.get(4))))
        .filter(entry -> entry.mountPoint().startsWith(directory))
        .toList();
  }

  /** The file with the read-ahead of this mount, in KiB. */
  Path readAheadFile() {
    return Path.of("/sys/class/bdi", device, "read_ahead_kb");
  }
}
