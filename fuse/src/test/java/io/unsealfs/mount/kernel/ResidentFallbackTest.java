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
import io.unsealfs.mount.Operation;
import io.unsealfs.mount.Transport;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MemoryFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
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

  /** Reads everything, and waits until nobody has it open: an inode stays as it is till then. */
  private void assertRead(Mount mount) throws Exception {
    assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
    awaitClosed(mount);
  }

  private static void awaitClosed(Mount mount) {
    while (mount.openFiles() > 0) {
      Thread.onSpinWait(); // the surefire time-out ends it
    }
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
        assertRead(mount);
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
        assertRead(mount);
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
        assertRead(mount);
      }
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.getFirst().startsWith("resident: no memory for a file"), lines::toString);
  }

  @Test
  void memoryThatTheKernelDoesNotTakeIsOfferedAgainAtTheNextOpen() throws Exception {
    LongAdder reads = new LongAdder();
    FuseEvents counting =
        new FuseEvents() {
          @Override
          public void failed(String operation, String location, String path, IOException cause) {}

          @Override
          public void unexpected(String operation, Throwable cause) {}

          @Override
          public boolean wantsTimes() {
            return true;
          }

          @Override
          public void answered(Operation operation, int result, long nanos) {
            if (operation == Operation.READ) {
              reads.increment();
            }
          }
        };
    // whoever fills the file may not offer it, as a daemon that has lost a capability
    tree.fault("read", ResidentFallbackTest::loseAdmin);
    Mount mount =
        new KernelFuseHost()
            .mount(
                tree,
                point,
                Mounts.PLAIN.withResident(
                    Optional.of(new ResidentPlan(path -> true, BUDGET, true))),
                counting);
    try {
      assertRead(mount);
      assertEquals(1, mount.resident().orElseThrow().fills());
      assertTrue(reads.sum() > 0, "read the ordinary way");
      assertEquals(1, lines.size(), lines::toString);
      assertTrue(
          lines.getFirst().startsWith("resident: the kernel does not take the memory"),
          lines::toString);

      tree.heal();
      // what the kernel kept of the ordinary way would answer as well
      Child.shell(point, "dd if=$M/model iflag=nocache count=0 2>&1").out();
      awaitClosed(mount);
      reads.reset();
      assertArrayEquals(MemoryTree.content(model), Child.shell(point, "cat $M/model").out());
      assertEquals(0, reads.sum(), "the kernel reads the memory");
      assertEquals(1, mount.resident().orElseThrow().fills(), "not filled again");
    } finally {
      mount.unmount(Duration.ofSeconds(5));
    }
    assertEquals(1, lines.size(), lines::toString);
  }

  /** capabilities(7), of the calling thread only. */
  public interface Capabilities {
    /** Fills in effective, permitted, inheritable, twice. */
    int capget(@In byte[] header, @Out byte[] data);

    /** Sets them. */
    int capset(@In byte[] header, @In byte[] data);
  }

  private static final Capabilities CAPABILITIES =
      LibraryLoader.create(Capabilities.class).load("c");

  private static void loseAdmin() {
    int version3 = 0x20080522;
    int admin = 21;
    byte[] header = new byte[2 * Integer.BYTES];
    ByteBuffer.wrap(header).order(ByteOrder.nativeOrder()).putInt(version3);
    byte[] data = new byte[6 * Integer.BYTES];
    assertEquals(0, CAPABILITIES.capget(header, data));
    ByteBuffer effective = ByteBuffer.wrap(data).order(ByteOrder.nativeOrder());
    effective.putInt(0, effective.getInt(0) & ~(1 << admin));
    assertEquals(0, CAPABILITIES.capset(header, data));
  }

  @Test
  void aKernelThatCanSaysSoWithoutAMount() {
    Optional<String> off = new KernelFuseHost().residentUnusable();
    assertEquals(Optional.empty(), off);
    assertEquals(List.of(), lines);
  }
}
