package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DaemonLogTest {
  @Test
  void aMountPointIsOneReadableFileName() {
    assertEquals(
        "srv+models+a%20b%3d%c3%bc", DaemonLog.fileName(Path.of("/srv/models/a b=\u00fc")));
  }

  @Test
  void longMountPointsWithTheSameEndHaveNamesOfTheirOwn() {
    String end = "/" + "\u6a21".repeat(60);
    String one = DaemonLog.fileName(Path.of("/srv/a" + end));
    String other = DaemonLog.fileName(Path.of("/srv/b" + end));

    assertNotEquals(one, other);
    assertEquals(one, DaemonLog.fileName(Path.of("/srv/a" + end)));
    assertTrue(one.length() < 230, one);
  }
}
