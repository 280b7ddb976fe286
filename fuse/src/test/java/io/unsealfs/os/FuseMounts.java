package io.unsealfs.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
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
  private static List<String> openDescriptors() throws IOException {
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

  /** As {@link #openDescriptors}, once what others had open before is closed. */
  static List<String> settledDescriptors() throws Exception {
    List<String> before = openDescriptors();
    while (true) {
      Thread.sleep(50);
      List<String> now = openDescriptors();
      if (now.equals(before)) {
        return now;
      }
      before = now;
    }
  }

  /** The same as before; what a child or a thread of the JVM had open goes a moment after it. */
  static void assertDescriptors(List<String> before) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!openDescriptors().equals(before) && System.nanoTime() < deadline) {
      Thread.sleep(10);
    }
    assertEquals(before, openDescriptors());
  }

  /** Skips, by name, where something is missing; with CI=true that is a failure. */
  static void require(boolean there, String reason) {
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError(reason + ", and CI=true");
    }
    Assumptions.assumeTrue(there, reason);
  }
}
