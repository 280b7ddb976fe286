package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Releases go on while others misuse the server; {@code -Dunsealfs.hostile=10000} for all of them.
 */
class HostileConnectionsTest {
  private static final int CONNECTIONS = Integer.getInteger("unsealfs.hostile", 500);

  /** What the heap may have grown by; each open connection may hold a request. */
  private static final long ROOM_BYTES = 64L << 20;

  @TempDir Path directory = Path.of("");

  @Test
  void noReleaseIsLostAndMemoryStaysBounded() throws Exception {
    HostileRun.Result result = HostileRun.of(directory, CONNECTIONS);
    assertEquals(0, result.lost(), result.toString());
    assertTrue(result.released() > 0, result.toString());
    assertTrue(result.heapGrowthBytes() < ROOM_BYTES, result.toString());
    assertEquals(0, result.connectionsLeft(), result.toString());
    AuditVerifier verifier = new AuditVerifier(Optional.empty(), Set.of());
    verifier.read(directory.resolve("audit.jsonl"));
    verifier.finish(Optional.empty());
  }
}
