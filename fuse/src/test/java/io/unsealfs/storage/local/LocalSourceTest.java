package io.unsealfs.storage.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LocalSourceTest {
  @TempDir Path directory;

  private Path file = Path.of("");

  // opened before each test
  @SuppressWarnings("NullAway.Init")
  private LocalTree tree;

  @BeforeEach
  void open() throws IOException {
    file = directory.resolve("file");
    tree = LocalTree.open(directory);
  }

  @AfterEach
  void close() {
    tree.close();
  }

  /** Bytes by chance, the same for the same length. */
  private static byte[] content(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private void write(byte[] bytes) throws IOException {
    // The past, so that a change within the clock's tick is a change of time all the same.
    Files.write(file, bytes);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
  }

  private Node node() throws IOException {
    return tree.lookup(tree.root(), Name.of("file"));
  }

  private void assertStale(Node node, Source source) {
    assertThrows(StaleSourceException.class, () -> source.read(0, ByteBuffer.allocate(10)));
    assertThrows(StaleSourceException.class, () -> source.read(0, ByteBuffer.allocateDirect(10)));
    assertThrows(StaleSourceException.class, () -> tree.open(node));
    StaleSourceException e = assertThrows(StaleSourceException.class, this::node);
    assertEquals(
        "file: changed since it was first seen; unmount and mount again to serve the new one",
        e.getMessage());
  }

  @Test
  void aFileThatWasRewrittenInPlaceIsStale() throws Exception {
    write(content(100));
    Node node = node();
    try (Source source = tree.open(node)) {
      Files.write(file, content(101), StandardOpenOption.WRITE);
      assertStale(node, source);
    }
  }

  @Test
  void aRewriteThatSetsSizeAndTimeBackIsStale() throws Exception {
    write(content(100));
    Node node = node();
    try (Source source = tree.open(node)) {
      write(new byte[100]);
      assertEquals(100, Files.size(file));
      assertStale(node, source);
    }
  }

  @Test
  void aTruncatedFileIsStaleAndLeavesTheBufferWhereItWas() throws Exception {
    write(content(5000));
    Node node = node();
    try (Source source = tree.open(node)) {
      Files.write(file, content(10));
      for (ByteBuffer dst : List.of(ByteBuffer.allocate(99), ByteBuffer.allocateDirect(99))) {
        dst.position(7).limit(90);
        assertThrows(StaleSourceException.class, () -> source.read(4000, dst));
        assertEquals(7, dst.position());
        assertEquals(90, dst.limit());
      }
      assertStale(node, source);
    }
  }

  @Test
  void aFileThatWasEmptyAndGrewIsStale() throws Exception {
    write(new byte[0]);
    Node node = node();
    try (Source source = tree.open(node)) {
      assertEquals(0, source.size());
      assertEquals(0, source.read(0, ByteBuffer.allocate(10)));
      assertEquals(0, source.read(Long.MAX_VALUE, ByteBuffer.allocate(10)));
      Files.write(file, content(10));
      assertStale(node, source);
    }
  }

  @Test
  void aFileThatWasReplacedAsAWholeIsStale() throws Exception {
    write(content(100));
    Node node = node();
    try (Source source = tree.open(node)) {
      Path other = Files.write(directory.resolve("other"), content(100));
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      // The old inode lost its last link, which changes it: the open source is refused as well.
      assertStale(node, source);
    }
  }

  @Test
  void anInterruptedThreadReadsOn() throws Exception {
    byte[] bytes = content(1000);
    write(bytes);
    try (Source source = tree.open(node())) {
      Thread.currentThread().interrupt();
      ByteBuffer dst = ByteBuffer.allocate(1000);
      assertEquals(1000, source.read(0, dst));
      assertTrue(Thread.interrupted());
      assertArrayEquals(bytes, dst.array());
      assertEquals(1, source.read(999, ByteBuffer.allocateDirect(50)));
    }
  }

  @Test
  void refusesNegativeOffsetsAndReadOnlyBuffers() throws Exception {
    write(content(10));
    try (Source source = tree.open(node())) {
      assertThrows(IllegalArgumentException.class, () -> source.read(-1, ByteBuffer.allocate(1)));
      ByteBuffer readOnly = ByteBuffer.allocateDirect(4).asReadOnlyBuffer();
      assertThrows(ReadOnlyBufferException.class, () -> source.read(0, readOnly));
      assertEquals(0, readOnly.get(0));
    }
  }

  @Test
  void heapAndDirectBuffersGetTheSameBytesForAnyRange() throws Exception {
    byte[] bytes = content((512 << 10) + 12345);
    write(bytes);
    Random random = new Random(7);
    try (Source source = tree.open(node())) {
      assertEquals(bytes.length, source.size());
      for (int round = 0; round < 500; round++) {
        int offset = random.nextInt(bytes.length + 100);
        int length = random.nextInt(1 << random.nextInt(1, 20));
        int front = random.nextInt(10);
        int served = Math.max(0, Math.min(length, bytes.length - offset));
        byte[] expected =
            served == 0 ? new byte[0] : Arrays.copyOfRange(bytes, offset, offset + served);
        for (ByteBuffer dst :
            List.of(
                ByteBuffer.allocate(front + length + 5),
                ByteBuffer.allocate(front + length + 12).slice(7, front + length + 5),
                ByteBuffer.allocateDirect(front + length + 5))) {
          dst.position(front).limit(front + length);
          assertEquals(served, source.read(offset, dst));
          assertEquals(front + served, dst.position());
          assertEquals(front + length, dst.limit());
          byte[] got = new byte[served];
          dst.get(front, got);
          assertArrayEquals(expected, got);
          dst.clear();
          for (int i = front + served; i < dst.capacity(); i++) {
            assertEquals(0, dst.get(i));
          }
        }
      }
    }
  }

  @Test
  void concurrentReadersEachGetTheirOwnBytes() throws Exception {
    byte[] bytes = content(1 << 20);
    write(bytes);
    try (Source source = tree.open(node());
        ExecutorService threads = Executors.newFixedThreadPool(16)) {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int reader = 0; reader < 16; reader++) {
        Random random = new Random(reader);
        results.add(
            threads.submit(() -> {
              ByteBuffer dst = ByteBuffer.allocate(70000);
              for (int round = 0; round < 200; round++) {
                int offset = random.nextInt(bytes.length - 70000);
                dst.clear();
                if (source.read(offset, dst) != 70000
                    || !Arrays.equals(dst.array(), 0, 70000, bytes, offset, offset + 70000)) {
                  return false;
                }
              }
              return true;
            }));
      }
      for (Future<Boolean> result : results) {
        assertTrue(result.get());
      }
    }
  }

  @Test
  void aCloseDuringReadsNeverServesAnotherFilesBytes() throws Exception {
    byte[] bytes = new byte[100_000];
    Arrays.fill(bytes, (byte) 1);
    write(bytes);
    Path other = Files.write(directory.resolve("zeros"), new byte[100_000]);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 100; round++) {
        Source source = tree.open(node());
        CountDownLatch started = new CountDownLatch(3);
        List<Future<Boolean>> results = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
          results.add(
              threads.submit(() -> {
                ByteBuffer dst = ByteBuffer.allocate(bytes.length);
                started.countDown();
                while (true) {
                  dst.clear();
                  try {
                    if (source.read(0, dst) != bytes.length) {
                      return false;
                    }
                  } catch (StaleSourceException e) {
                    return false;
                  } catch (StorageException e) {
                    return true;
                  }
                  if (!Arrays.equals(bytes, dst.array())) {
                    return false;
                  }
                }
              }));
        }
        started.await();
        source.close();
        // Whoever opens now gets the number that was just given back.
        try (Source recycled = tree.open(tree.lookup(tree.root(), Name.of("zeros")))) {
          assertEquals(Files.size(other), recycled.size());
          for (Future<Boolean> result : results) {
            assertTrue(result.get());
          }
        }
      }
    }
  }
}
