package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.doctor.Diagnosis;
import io.unsealfs.daemon.doctor.Diagnosis.Level;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.storage.FileTree;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What doctor says where a transport cannot be used. */
class TransportFindingsTest {

  /** A transport of a host that was never there. */
  private record Made(String name, Optional<String> unusable, Optional<String> residentUnusable)
      implements FuseHost {
    @Override
    public Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
        throws MountException {
      throw new MountException("doctor mounts nothing");
    }
  }

  private static TransportFindings hosts(Optional<String> first, Optional<String> second) {
    return new TransportFindings(
        List.of(
            new Made("kernel", first, Optional.empty()),
            new Made("jnr", second, Optional.of("only transport kernel can"))));
  }

  @Test
  void theFirstThatCanBeUsedIsTaken() {
    Diagnosis found = hosts(Optional.empty(), Optional.empty()).transport();
    assertEquals("ok   transport: auto takes kernel; jnr: usable", found.line());
  }

  @Test
  void aBetterOneThatCannotBeUsedIsWorthMending() {
    Diagnosis found = hosts(Optional.of("no device"), Optional.empty()).transport();
    assertEquals(Level.WARN, found.level());
    assertTrue(found.line().contains("auto takes jnr"), found.line());
    assertTrue(found.line().contains("kernel: no device"), found.line());
    assertTrue(found.line().contains("the first one is the fastest"), found.line());
  }

  @Test
  void aWorseOneThatCannotBeUsedIsNot() {
    assertEquals(Level.OK, hosts(Optional.empty(), Optional.of("no libfuse")).transport().level());
  }

  @Test
  void noneAtAllFails() {
    Diagnosis found = hosts(Optional.of("no device"), Optional.of("no libfuse")).transport();
    assertEquals(Level.FAIL, found.level());
    assertTrue(found.line().contains("kernel: no device; jnr: no libfuse"), found.line());
    assertTrue(found.line().contains("mend one of them"), found.line());
  }

  @Test
  void residentModeSaysWhyItIsOff() {
    assertEquals(Level.OK, hosts(Optional.empty(), Optional.empty()).resident(1 << 30).level());
    Diagnosis off = hosts(Optional.of("no device"), Optional.empty()).resident(1 << 30);
    assertEquals(Level.WARN, off.level());
    assertTrue(off.line().contains("off: only transport kernel can"), off.line());
    assertTrue(off.line().contains("mount without resident="), off.line());
    Diagnosis none = hosts(Optional.of("no device"), Optional.of("no libfuse")).resident(1 << 30);
    assertTrue(none.line().contains("off: no transport"), none.line());
  }
}
