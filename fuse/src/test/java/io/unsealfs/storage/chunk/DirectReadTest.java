package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads that go straight to the files of the disk cache. */
@Timeout(120)
class DirectReadTest {
  private static final int MIB = 1 << 20;
  private static final int STEP = 300_000;
  private static final ChunkSettings SETTINGS = Undoubled.SETTINGS;

  @TempDir Path directory;

  private final byte[] bytes = FakeStore.bytes(44 * MIB + 777, 3);
  private final FakeStore fake = new FakeStore();
  private final ObjectVersion version = fake.put("a", bytes);

  @BeforeEach
  void fill() throws Exception {
    try (ChunkStore store = new ChunkStore(fake, SETTINGS)) {
      store.attach(cache());
      try (Source source = store.open(version)) {
        assertTrue(source.warm(0, bytes.length, brought -> true));
      }
    }
    assertEquals(6, segments().size());
    fake.requests.clear();
  }

  private DiskCache cache() throws IOException {
    return DiskCache.open(
        directory,
        new DiskLimits(1L << 30, 0),
        Optional.empty(),
        warning -> {
          throw new AssertionError(warning);
        });
  }

  private ChunkStore store() throws IOException {
    ChunkStore store = new ChunkStore(fake, SETTINGS);
    store.attachTrusted(cache());
    return store;
  }

  /** The files, in the order of the object. */
  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches("[0-9a-f]{8}"))
          .sorted()
          .toList();
    }
  }

  /** Reads on from {@code from} to {@code to}, and compares. */
  private void read(Source source, int from, int to) throws IOException {
    for (int offset = from; offset < to; offset += STEP) {
      ByteBuffer dst = ByteBuffer.allocate(Math.min(STEP, to - offset));
      int got = source.read(offset, dst);
      assertEquals(dst.capacity(), got);
      assertTrue(Arrays.equals(bytes, offset, offset + got, dst.array(), 0, got), "at " + offset);
    }
  }

  @Test
  void takesNoMemoryAndAsksTheStoreNothing() throws Exception {
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, bytes.length);
      assertEquals(List.of(), fake.requests);
      assertTrue(store.figures().memoryBytes() <= 2 * MIB, store.figures().toString());
      assertEquals(bytes.length, store.figures().readBytes());
      assertEquals(6, store.figures().disk().hits(), store.figures().toString());
    }
  }

  @Test
  void aReadThatContinuesNothingReadsWhatItWantsAndNoWholeSegment() throws Exception {
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 40 * MIB, 40 * MIB + 4096);
      long before = bytesReadByThisProcess();
      Random random = new Random(1);
      for (int i = 0; i < 40; i++) {
        int at = random.nextInt(bytes.length - 4096);
        read(source, at, at + 4096);
      }
      long took = bytesReadByThisProcess() - before;
      assertTrue(took < 8 * MIB, "one segment has 8 MiB; 160 KiB were wanted, these read: " + took);
      assertEquals(List.of(), fake.requests);
      assertEquals(0, store.figures().memoryBytes());
    }
  }

  private static long bytesReadByThisProcess() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/io")).stream()
        .filter(line -> line.startsWith("rchar: "))
        .mapToLong(line -> Long.parseLong(line.substring(7)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aReadThatContinuesNothingAndIsForgedIsFetchedAgain() throws Exception {
    flip(segments().get(3), SegmentHeader.SIZE + 6 * MIB + 5);
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      ByteBuffer dst = ByteBuffer.allocate(100);
      source.read(30L * MIB, dst);
      assertEquals(
          5, Arrays.mismatch(dst.array(), Arrays.copyOfRange(bytes, 30 * MIB, 30 * MIB + 100)));
      assertTrue(source.distrust(30L * MIB, 100));
      read(source, 30 * MIB, 30 * MIB + 100);
      assertEquals(1, store.figures().distrusted());
    }
  }

  @Test
  void fetchesWhatIsMissingAheadAndNothingElse() throws Exception {
    List<Path> all = segments();
    Files.delete(all.get(2));
    Files.delete(all.get(4));
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, bytes.length);
      assertTrue(
          fake.requests.stream()
              .allMatch(one -> one.offset() / (8 * MIB) == 2 || one.offset() / (8 * MIB) == 4),
          fake.requests::toString);
      assertEquals(16L * MIB, fake.requests.stream().mapToLong(FakeStore.Request::length).sum());
    }
    assertEquals(6, segments().size(), "and it is there for the next mount");
  }

  @Test
  void aDamagedHeaderIsFetchedAgain() throws Exception {
    flip(segments().get(3), 20);
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, bytes.length);
      assertEquals(1, store.figures().disk().corrupt());
      assertEquals(8L * MIB, fake.requests.stream().mapToLong(FakeStore.Request::length).sum());
    }
  }

  @Test
  void aFileCutShortWhileItIsReadIsFetchedAgain() throws Exception {
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, 20 * STEP);
      // that one is open already, ahead of the reader
      try (RandomAccessFile file = new RandomAccessFile(segments().get(1).toFile(), "rw")) {
        file.setLength(MIB);
      }
      read(source, 20 * STEP, bytes.length);
      assertEquals(1, store.figures().disk().corrupt());
      assertTrue(fake.requests.stream().allMatch(one -> one.offset() / (8 * MIB) == 1));
      assertFalse(fake.requests.isEmpty());
    }
  }

  @Test
  void whatTheFormatDistrustsIsFetchedAgainOnce() throws Exception {
    int damaged = 30 * MIB + 5;
    flip(segments().get(3), SegmentHeader.SIZE + 6 * MIB + 5);
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, 27 * MIB);
      ByteBuffer dst = ByteBuffer.allocate(4 * MIB);
      assertEquals(4 * MIB, source.read(27 * MIB, dst));
      assertEquals(
          damaged - 27 * MIB,
          Arrays.mismatch(dst.array(), Arrays.copyOfRange(bytes, 27 * MIB, 31 * MIB)),
          "only the format can tell");
      assertEquals(List.of(), fake.requests);

      assertTrue(source.distrust(damaged, 1));
      read(source, 27 * MIB, bytes.length);
      assertEquals(1, store.figures().distrusted());
    }
  }

  @Test
  void whoReadForgedBytesBeforeAnotherHadThemFetchedLooksAgain() throws Exception {
    int damaged = 30 * MIB + 5;
    flip(segments().get(3), SegmentHeader.SIZE + 6 * MIB + 5);
    try (ChunkStore store = store();
        Source first = store.open(version);
        Source second = store.open(version)) {
      read(first, 0, 27 * MIB);
      ByteBuffer forged = ByteBuffer.allocate(4 * MIB);
      // both have the same bytes; the first one is done with them before the second one looks
      first.read(27 * MIB, forged);
      second.read(27 * MIB, forged.clear());
      assertTrue(first.distrust(damaged, 1));
      read(first, 30 * MIB, 31 * MIB);
      int asked = fake.requests.size();
      assertTrue(second.distrust(damaged, 1));
      read(second, 30 * MIB, 31 * MIB);
      assertEquals(asked, fake.requests.size());
      assertEquals(1, store.figures().distrusted());
    }
  }

  @Test
  void aFileThatIsDeletedWhileItIsReadMakesNoDifference() throws Exception {
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      read(source, 0, 20 * STEP);
      DiskCache.purge(directory);
      read(source, 20 * STEP, bytes.length);
    }
  }

  @Test
  void whatIsDeletedAheadOfAReaderIsFetchedAheadOfHim() throws Exception {
    try (ChunkStore store = store();
        Source source = store.open(version)) {
      // all that is left is taken for ordered now
      read(source, 0, 50 * STEP);
      assertEquals(List.of(), fake.requests);
      DiskCache.purge(directory);
      // up to there the files are open
      int from = 32 * MIB + STEP;
      read(source, 50 * STEP, from);
      read(source, from, from + 4 * STEP);
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (fake.requests.stream().noneMatch(one -> one.offset() >= 40L * MIB)
          && System.nanoTime() < until) {
        Thread.sleep(1);
      }
      assertTrue(
          fake.requests.stream().anyMatch(one -> one.offset() >= 40L * MIB),
          () -> "nothing was fetched ahead: " + fake.requests);
      assertTrue(fake.requests.size() < 30, fake.requests::toString);
    }
  }

  @Test
  void withoutTheFormatsWordThePayloadIsChecked() throws Exception {
    flip(segments().get(3), SegmentHeader.SIZE + 6 * MIB + 5);
    try (ChunkStore store = new ChunkStore(fake, SETTINGS)) {
      store.attach(cache());
      try (Source source = store.open(version)) {
        read(source, 0, bytes.length);
        // each of those who load a part of it may find it
        assertTrue(store.figures().disk().corrupt() >= 1);
      }
    }
  }

  private static void flip(Path file, int offset) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(offset);
      int before = bytes.read();
      bytes.seek(offset);
      bytes.write(before ^ 1);
    }
  }
}
