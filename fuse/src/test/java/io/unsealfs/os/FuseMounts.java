package io.unsealfs.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** What tests that mount need. */
final class FuseMounts {
  private FuseMounts() {}

  /** Skips, by name, where this process cannot mount; with CI=true that is a failure. */
  static void requireRootAndFuse() {
    require(Files.exists(Path.of("/dev/fuse")), "no /dev/fuse");
    require(ProcessControl.effectiveUser() == 0, "not root");
  }

  /**
   * What this process's descriptors of devices, sockets and pipes lead to; not its files, as the
   * JVM opens jars when it likes.
   */
  static List<String> openDescriptors() throws IOException {
    List<String> targets = new ArrayList<>();
    for (int number : InheritedDescriptor.open()) {
      try {
        String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + number)).toString();
        if (target.equals("/dev/fuse") || target.contains(":[")) {
          targets.add(number + " " + target);
        }
      } catch (NoSuchFileException e) {
        // closed meanwhile
      }
    }
    return targets;
  }

  /** Skips, by name, where something is missing; with CI=true that is a failure. */
  static void require(boolean there, String reason) {
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError(reason + ", and CI=true");
    }
    Assumptions.assumeTrue(there, reason);
  }
}
