package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Child;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.MemoryTree;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.Mounts;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the descriptor of the connection cannot be cloned all workers read from the one. */
@Timeout(120)
final class SharedDeviceMountTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final Node file = tree.file("f", 5_000_001);

  @BeforeEach
  void needsFuse() {
    Mounts.requireFuse();
  }

  private Mount mount() throws Exception {
    return new KernelFuseHost(HiddenMemory::create, true, false)
        .mount(tree, point, Mounts.PLAIN, FuseEvents.NONE);
  }

  /** Descriptors of the device that this process has. */
  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(SharedDeviceMountTest::isDevice).count();
    }
  }

  private static boolean isDevice(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).equals(Path.of("/dev/fuse"));
    } catch (NoSuchFileException e) {
      return false; // closed since
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The kernel lets a direct read end with its answer only, also for a reader that was killed: such
   * a one waits for the source, and nobody else does.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void directReadersThatHangAndAreKilledHoldUpNobodyElse(boolean clones) throws Exception {
    CountDownLatch hanging = new CountDownLatch(8);
    CountDownLatch answered = new CountDownLatch(1);
    tree.fault(
        "read",
        () -> {
          hanging.countDown();
          try {
            assertTrue(answered.await(60, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted");
          }
        });
    Mount mount =
        new KernelFuseHost(HiddenMemory::create, true, clones)
            .mount(tree, point, Mounts.PLAIN, FuseEvents.NONE);
    List<Process> readers = new ArrayList<>();
    try {
      ProcessBuilder dd =
          new ProcessBuilder("dd", "if=" + point.resolve("f"), "iflag=direct", "bs=64K", "count=1")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD);
      for (int i = 0; i < 8; i++) {
        readers.add(dd.start());
      }
      assertTrue(hanging.await(30, TimeUnit.SECONDS));
      readers.forEach(Process::destroyForcibly);
      assertEquals("f", Child.shell(point, "ls $M").text());
      answered.countDown();
      for (Process reader : readers) {
        assertTrue(reader.waitFor(30, TimeUnit.SECONDS));
      }
    } finally {
      answered.countDown();
      mount.unmount(LONG);
    }
  }

  @Test
  void manyReadersSeeEveryByteThroughOneDescriptor() throws Exception {
    long before = descriptors();
    Mount mount = mount();
    try {
      assertEquals(before + 1, descriptors());
      String all = "dd if=$M/f iflag=direct bs=64K status=none";
      assertArrayEquals(MemoryTree.content(file), Child.shell(point, all).out());
      Child readers =
          Child.shell(
              point, "for i in 1 2 3 4 5 6; do (" + all + " | cksum) & done; wait; cksum < $M/f");
      assertEquals(1, readers.text().lines().distinct().count(), readers::text);
      assertEquals(7, readers.text().lines().count(), readers::text);
      assertEquals(before + 1, descriptors());
    } finally {
      mount.unmount(LONG);
    }
    assertEquals(before, descriptors(), "and it is closed");
  }
}
