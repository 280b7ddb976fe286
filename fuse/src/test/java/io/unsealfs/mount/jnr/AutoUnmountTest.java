package io.unsealfs.mount.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.mount.Child;
import io.unsealfs.mount.ChildDaemon;
import io.unsealfs.mount.Mounts;
import io.unsealfs.mount.Transport;
import io.unsealfs.os.MountTable;
import io.unsealfs.os.Unmounter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** fusermount, where it is installed, stays behind and unmounts for a process that was killed. */
final class AutoUnmountTest {
  /**
   * fusermount looks once, by opening the mount point, and leaves it alone unless that ends with
   * ENOTCONN. On a busy machine it may look before the kernel has let go of the killed process's
   * connection, and its own request is aborted (ECONNABORTED).
   */
  private static final int TRIES = 8;

  @TempDir Path folder;

  @Test
  void aKilledProcessIsUnmountedByFusermount() throws Exception {
    Mounts.requireFuse();
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/fusermount")), "needs fusermount");
    for (int tried = 1; !unmountsAKilledOne(); tried++) {
      assertTrue(tried < TRIES, "fusermount left every mount behind");
    }
  }

  private boolean unmountsAKilledOne() throws Exception {
    Path point = Files.createTempDirectory(folder, "point");
    byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    Process daemon = ChildDaemon.start(point, Transport.JNR);
    try {
      assertEquals(0, Child.shell(point, "cat \"$M/file\"").exitCode());
    } finally {
      daemon.destroyForcibly();
      daemon.waitFor();
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (MountTable.read().stream().anyMatch(entry -> entry.isAt(path))) {
      if (System.nanoTime() > deadline) {
        Unmounter.detach(path);
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }
}
