package io.unsealfs.os;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** How much memory this process may use, as its control groups (v1 and v2) and the machine say. */
public final class CgroupMemory {
  private CgroupMemory() {}

  /**
   * The lowest limit of the control groups this process is in, or the machine's memory if that is
   * less; bytes. Empty only where neither can be read.
   */
  public static OptionalLong limitBytes() {
    return limitBytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static OptionalLong limitBytes(Path proc, Path cgroups) {
    long limit = machine(proc, "MemTotal:");
    for (CgroupFiles.Group group : CgroupFiles.groups(proc, cgroups)) {
      limit = Math.min(limit, limitOf(group));
    }
    return limit == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(limit);
  }

  /** Whether a limit of a control group is below the machine's memory. */
  public static boolean isLimited() {
    return limitBytes().orElse(Long.MAX_VALUE) < machine(Path.of("/proc"), "MemTotal:");
  }

  /**
   * Whether one of the groups has less left than a tenth of its limit, when what the kernel can
   * drop at once (cached files) is not counted. False where no group has a limit.
   */
  static boolean isNearlyFull(Path proc, Path cgroups) {
    for (CgroupFiles.Group group : CgroupFiles.groups(proc, cgroups)) {
      long limit = limitOf(group);
      if (limit != Long.MAX_VALUE && used(group) > limit - limit / 10) {
        return true;
      }
    }
    return false;
  }

  /**
   * What can still be had before one of the groups reaches its limit or the machine has none left,
   * dropping cached files included; bytes, 0 at least.
   */
  public static long leftBytes() {
    return leftBytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static long leftBytes(Path proc, Path cgroups) {
    long left = machine(proc, "MemAvailable:");
    for (CgroupFiles.Group group : CgroupFiles.groups(proc, cgroups)) {
      long limit = limitOf(group);
      if (limit != Long.MAX_VALUE) {
        left = Math.min(left, limit - used(group));
      }
    }
    return Math.max(0, left);
  }

  /** What nobody uses, for cached files either, as the groups and the machine say; bytes. */
  public static long unusedBytes() {
    return unusedBytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static long unusedBytes(Path proc, Path cgroups) {
    long unused = machine(proc, "MemFree:");
    for (CgroupFiles.Group group : CgroupFiles.groups(proc, cgroups)) {
      long limit = limitOf(group);
      if (limit != Long.MAX_VALUE) {
        unused = Math.min(unused, limit - usedWithCache(group));
      }
    }
    return unused == Long.MAX_VALUE ? 0 : Math.max(0, unused);
  }

  /** Above {@code memory.high} the kernel slows a group down, so that is a limit as well. */
  private static long limitOf(CgroupFiles.Group group) {
    Path directory = group.directory();
    return group.unified()
        ? Math.min(
            CgroupFiles.number(directory.resolve("memory.max")),
            CgroupFiles.number(directory.resolve("memory.high")))
        : CgroupFiles.number(directory.resolve("memory.limit_in_bytes"));
  }

  /** Bytes in use and not to be had back by dropping cached files; 0 where unknown. */
  private static long used(CgroupFiles.Group group) {
    long all = usedWithCache(group);
    if (all == 0) {
      return 0;
    }
    List<String> statistics =
        CgroupFiles.text(group.directory().resolve("memory.stat")).lines().toList();
    String prefix = group.unified() ? "" : "total_";
    return all
        - value(statistics, prefix + "inactive_file")
        - value(statistics, prefix + "active_file");
  }

  private static long usedWithCache(CgroupFiles.Group group) {
    String usage = group.unified() ? "memory.current" : "memory.usage_in_bytes";
    long all = CgroupFiles.number(group.directory().resolve(usage));
    return all == Long.MAX_VALUE ? 0 : all;
  }

  private static long value(List<String> statistics, String name) {
    for (String line : statistics) {
      if (line.startsWith(name + " ")) {
        long value = CgroupFiles.number(line.substring(name.length() + 1));
        return value == Long.MAX_VALUE ? 0 : value;
      }
    }
    return 0;
  }

  private static long machine(Path proc, String figure) {
    for (String line : CgroupFiles.text(proc.resolve("meminfo")).lines().toList()) {
      if (line.startsWith(figure)) {
        long kibibytes = CgroupFiles.number(line.replaceAll("[^0-9]", ""));
        return kibibytes > Long.MAX_VALUE / 1024 ? Long.MAX_VALUE : kibibytes * 1024;
      }
    }
    return Long.MAX_VALUE;
  }
}
