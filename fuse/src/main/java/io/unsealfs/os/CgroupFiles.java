package io.unsealfs.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The control groups this process is in, as far as they count memory, and their small files. */
final class CgroupFiles {
  private static final int MAX_BYTES = 64 << 10;

  /**
   * One group.
   *
   * @param directory its files
   * @param unified whether they are those of version 2
   */
  record Group(Path directory, boolean unified) {}

  private CgroupFiles() {}

  /**
   * The groups from the process's own up to the root, of each hierarchy that counts memory. A
   * container may see its group as the root.
   *
   * @param proc usually {@code /proc}
   * @param cgroups usually {@code /sys/fs/cgroup}
   */
  static List<Group> groups(Path proc, Path cgroups) {
    List<Group> groups = new ArrayList<>();
    for (String line : text(proc.resolve("self/cgroup")).lines().toList()) {
      // hierarchy:controllers:path; v2 has hierarchy 0 and no controllers
      String[] fields = line.split(":", 3);
      if (fields.length != 3) {
        continue;
      }
      if (fields[1].isEmpty()) {
        climb(cgroups, fields[2], true, groups);
        climb(cgroups.resolve("unified"), fields[2], true, groups);
      } else if (("," + fields[1] + ",").contains(",memory,")) {
        climb(cgroups.resolve("memory"), fields[2], false, groups);
      }
    }
    return groups;
  }

  private static void climb(Path mount, String group, boolean unified, List<Group> groups) {
    Path at = mount.resolve(group.replaceFirst("^/+", "")).normalize();
    while (at != null && at.startsWith(mount)) {
      groups.add(new Group(at, unified));
      at = at.getParent();
    }
  }

  /** The number in {@code file}; {@link Long#MAX_VALUE} for {@code max}, nonsense or no file. */
  static long number(Path file) {
    return number(text(file).strip());
  }

  /** As {@link #number(Path)}, of a text. */
  static long number(String text) {
    try {
      long value = Long.parseLong(text);
      return value < 0 ? Long.MAX_VALUE : value;
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  /** The content of a small file; empty where it cannot be read. */
  static String text(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1);
    } catch (IOException | SecurityException e) {
      return "";
    }
  }
}
