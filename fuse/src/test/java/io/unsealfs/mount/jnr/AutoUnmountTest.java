package io.unsealfs.mount.jnr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.mount.Child;
import io.unsealfs.mount.ChildDaemon;
import io.unsealfs.mount.Mounts;
import io.unsealfs.mount.Transport;
import io.unsealfs.os.MountTable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** fusermount, where it is installed, stays behind and unmounts for a process that was killed. */
final class AutoUnmountTest {
  @TempDir Path point;

  @Test
  void aKilledProcessIsUnmountedByFusermount() throws Exception {
    Mounts.requireFuse();
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/fusermount")), "needs fusermount");
    Process daemon = ChildDaemon.start(point, Transport.JNR);
    try {
      assertEquals(0, Child.shell(point, "cat \"$M/file\"").exitCode());
    } finally {
      daemon.destroyForcibly();
      daemon.waitFor();
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (mounted() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertFalse(mounted());
  }

  private boolean mounted() throws Exception {
    byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    return MountTable.read().stream().anyMatch(entry -> entry.isAt(path));
  }
}
