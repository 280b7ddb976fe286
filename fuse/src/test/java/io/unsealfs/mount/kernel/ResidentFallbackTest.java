package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Child;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.MemoryTree;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.Mounts;
import io.unsealfs.mount.Transport;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MemoryFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where resident mode cannot be: one line that says why, and the right bytes all the same. */
final class ResidentFallbackTest {
  private static final long BUDGET = 16 << 20;

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final Node model = tree.file("model", 5_000_001);
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          String line =
              record.getParameters() == null
                  ? record.getMessage()
                  : MessageFormat.format(record.getMessage(), record.getParameters());
          if (line.contains("resident")
              && record.getLevel().intValue() >= java.util.logging.Level.INFO.intValue()) {
            lines.add(line);
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    Mounts.requireFuse();
    Mounts.requireRoot();
    Logger.getLogger("io.unsealfs.mount").addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    Logger.getLogger("io.unsealfs.mount").removeHandler(handler);
  }

  private Mount mount(FuseHost host, long budgetBytes) throws Exception {
    return host.mount(
        tree,
        point,
        Mounts.PLAIN.withResident(Optional.of(new ResidentPlan(path -> true, budgetBytes, true))),
        FuseEvents.NONE);
  }

  /** Reads everything twice, and expects the line. */
  private void assertOff(FuseHost host, long budgetBytes, String reason) throws Exception {
    Mount mount = mount(host, budgetBytes);
    try {
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      }
      assertTrue(mount.resident().isEmpty());
      assertTrue(mount.residentOff().orElseThrow().contains(reason));
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("resident: off: "), lines::toString);
    assertTrue(lines.getFirst().contains(reason), lines::toString);
    assertTrue(lines.getFirst().endsWith("read the ordinary way"), lines::toString);
  }

  private static FuseHost without(int errno) {
    return new KernelFuseHost(
        bytes -> {
          throw new SystemCallException("fsopen tmpfs", errno);
        },
        true,
        true);
  }

  @ParameterizedTest
  @CsvSource({
    ErrorNumber.EPERM + ", CAP_SYS_ADMIN",
    ErrorNumber.EINVAL + ", without swap",
    ErrorNumber.ENOSYS + ", this kernel",
    ErrorNumber.ENOSPC + ", no memory"
  })
  void withoutMemory(int errno, String reason) throws Exception {
    assertOff(without(errno), BUDGET, reason);
    assertTrue(without(errno).residentUnusable().orElseThrow().contains(reason));
  }

  @Test
  void whereTheKernelDoesNotOfferIt() throws Exception {
    FuseHost host = new KernelFuseHost(HiddenMemory::create, false, true);
    assertOff(host, BUDGET, "offers no passthrough");
    assertTrue(host.residentUnusable().orElseThrow().contains("offers no passthrough"));
  }

  @Test
  void whereTheMemoryCannotBeShownToTheKernel() throws Exception {
    FuseHost host =
        new KernelFuseHost(
            bytes -> {
              HiddenMemory memory = HiddenMemory.create(bytes);
              memory.close();
              return memory;
            },
            true,
            true);
    assertOff(host, BUDGET, "does not read from our memory");
  }

  @Test
  void withABudgetThatHoldsNothing() throws Exception {
    assertOff(new KernelFuseHost(), ResidentPlan.LEAST_FILE_BYTES - 1, "budget");
  }

  @Test
  void theMemoryIsLetGoWhereTheMountFails() throws Exception {
    List<HiddenMemory> made = new ArrayList<>();
    FuseHost host =
        new KernelFuseHost(
            bytes -> {
              HiddenMemory memory = HiddenMemory.create(bytes);
              made.add(memory);
              return memory;
            },
            true,
            true);
    tree.fault(
        "root",
        () -> {
          throw new IOException("no root");
        });
    assertThrows(MountException.class, () -> mount(host, BUDGET));
    assertEquals(
        ErrorNumber.EBADF,
        assertThrows(SystemCallException.class, made.getFirst()::usedBytes).errno());
  }

  @Test
  void overLibfuse() throws Exception {
    assertOff(Transport.JNR.host(), BUDGET, "only transport kernel can");
  }

  @Test
  void whereMemoryIsLessThanThought() throws Exception {
    Mount mount =
        mount(new KernelFuseHost(bytes -> HiddenMemory.create(3 << 20), true, true), BUDGET);
    try {
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      }
      assertEquals(0, mount.resident().orElseThrow().bytesHeld());
      assertEquals(3, mount.resident().orElseThrow().givenUp());
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().contains("read the ordinary way"), lines::toString);
  }

  @Test
  void whereItCannotBeToldWhoUsesAFileThatIsSaidOnce() throws Exception {
    FuseHost host =
        new KernelFuseHost(
            new ResidentStart.Making() {
              @Override
              public HiddenMemory create(long bytes) throws SystemCallException {
                return HiddenMemory.create(bytes);
              }

              @Override
              public boolean tellsUsers(MemoryFile file) {
                return false;
              }
            },
            true,
            true);
    Mount mount = mount(host, BUDGET);
    try {
      assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      assertEquals(1, mount.resident().orElseThrow().fills());
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().contains("fs.leases-enable"), lines::toString);
  }

  @Test
  void whatDoesNotFitIsSaidOnce() throws Exception {
    Mount mount = mount(new KernelFuseHost(), 4 << 20);
    try {
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      }
      assertEquals(3, mount.resident().orElseThrow().refused());
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("resident: no room for a file"), lines::toString);
  }

  @Test
  void whereNoFileCanBeMadeThatIsSaidOnce() throws Exception {
    List<HiddenMemory> made = new CopyOnWriteArrayList<>();
    FuseHost host =
        new KernelFuseHost(
            bytes -> {
              made.add(HiddenMemory.create(bytes));
              return made.getLast();
            },
            true,
            true);
    Mount mount = mount(host, BUDGET);
    try {
      made.getLast().close();
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      }
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("resident: no memory for a file"), lines::toString);
  }

  @Test
  void aKernelThatCanSaysSoWithoutAMount() {
    Optional<String> off = new KernelFuseHost().residentUnusable();
    assertEquals(Optional.empty(), off);
    assertEquals(List.of(), lines);
  }
}
