package io.unsealfs.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How much memory this process may use, as its control groups (v1 and v2) and the machine say. */
public final class CgroupMemory {
  private final Path proc;
  private final Path cgroups;

  private CgroupMemory(Path proc, Path cgroups) {
    this.proc = proc;
    this.cgroups = cgroups;
  }

  /**
   * The lowest limit of the control groups this process is in, or the machine's memory if that is
   * less; bytes. Empty only where neither can be read.
   */
  public static OptionalLong limitBytes() {
    return limitBytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static OptionalLong limitBytes(Path proc, Path cgroups) {
    CgroupMemory memory = new CgroupMemory(proc, cgroups);
    long limit = Math.min(memory.machine(), memory.groups());
    return limit == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(limit);
  }

  private long machine() {
    for (String line : text(proc.resolve("meminfo")).lines().toList()) {
      if (line.startsWith("MemTotal:")) {
        long kibibytes = number(line.replaceAll("[^0-9]", ""));
        return kibibytes > Long.MAX_VALUE / 1024 ? Long.MAX_VALUE : kibibytes * 1024;
      }
    }
    return Long.MAX_VALUE;
  }

  private long groups() {
    long limit = Long.MAX_VALUE;
    for (String line : text(proc.resolve("self/cgroup")).lines().toList()) {
      // hierarchy:controllers:path; v2 has hierarchy 0 and no controllers
      String[] fields = line.split(":", 3);
      if (fields.length != 3) {
        continue;
      }
      if (fields[1].isEmpty()) {
        limit = Math.min(limit, lowest(cgroups, fields[2], "memory.max"));
        limit = Math.min(limit, lowest(cgroups.resolve("unified"), fields[2], "memory.max"));
      } else if (("," + fields[1] + ",").contains(",memory,")) {
        limit =
            Math.min(limit, lowest(cgroups.resolve("memory"), fields[2], "memory.limit_in_bytes"));
      }
    }
    return limit;
  }

  /** The lowest limit from the group up to the root. A container may see its group as the root. */
  private static long lowest(Path mount, String group, String file) {
    long limit = Long.MAX_VALUE;
    Path at = mount.resolve(group.replaceFirst("^/+", "")).normalize();
    while (at.startsWith(mount)) {
      limit = Math.min(limit, number(text(at.resolve(file)).strip()));
      Path parent = at.getParent();
      if (parent == null) {
        break;
      }
      at = parent;
    }
    return limit;
  }

  /** Anything but a number ({@code max}, a missing file) is no limit. */
  private static long number(String text) {
    try {
      long value = Long.parseLong(text);
      return value < 0 ? Long.MAX_VALUE : value;
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException | SecurityException e) {
      return "";
    }
  }
}
