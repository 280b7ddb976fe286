package io.unsealfs.daemon.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether plaintext can get to a swap device. Keys are locked into memory; the cache of decrypted
 * blocks, the heap and the page cache of resident files' readers are not.
 */
public final class SwapCheck {
  private static final int MOST_BYTES = 64 << 10;
  private static final String MEND =
      "swapoff -a and take it out of /etc/fstab, or MemorySwapMax=0 in the unit (--memory-swap as"
          + " large as --memory for a container)";

  private SwapCheck() {}

  /** Looks at this host. */
  public static Diagnosis ofThisHost() {
    return of(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  /** The same with the directories that {@code /proc} and the control groups are in. */
  static Diagnosis of(Path proc, Path cgroups) {
    List<String> devices = new ArrayList<>();
    text(proc.resolve("swaps")).lines().skip(1).map(SwapCheck::device).forEach(devices::add);
    devices.removeIf(String::isEmpty);
    if (devices.isEmpty()) {
      return Diagnosis.ok("swap", "none");
    }
    String finding = String.join(", ", devices);
    return isForbidden(proc, cgroups)
        ? Diagnosis.ok("swap", finding + "; this control group may not use it")
        : Diagnosis.warn(
            "swap", finding + ": decrypted blocks may be written there in the clear", MEND);
  }

  private static String device(String line) {
    String name = line.strip().split("\\s+", 2)[0];
    return name.replaceAll("\\p{Cntrl}", "?");
  }

  /** Whether the process's group of version 2, or one above it, has a swap limit of 0. */
  private static boolean isForbidden(Path proc, Path cgroups) {
    for (String line : text(proc.resolve("self/cgroup")).lines().toList()) {
      if (!line.startsWith("0::/")) {
        continue;
      }
      Path at = cgroups.resolve(line.substring("0::/".length())).normalize();
      for (; at != null && at.startsWith(cgroups); at = at.getParent()) {
        if (text(at.resolve("memory.swap.max")).strip().equals("0")) {
          return true;
        }
      }
    }
    return false;
  }

  private static String text(Path file) {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST_BYTES), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
