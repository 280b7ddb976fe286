package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreLocation;
import io.unsealfs.trees.Commands;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Segments on disk: whole and right, or not there (object-storage.md section 4). */
@Timeout(120)
class DiskCacheTest {
  private static final int MIB = 1 << 20;
  private static final StoreLocation LOCATION =
      new StoreLocation("s3", "https://example.org", "bucket");
  private static final DiskLimits LARGE = new DiskLimits(1L << 30, 0);

  @TempDir Path directory;
  private final List<String> warnings = new ArrayList<>();

  /** A segment of 1 MiB, the only one of its object; objects differ by {@code number}. */
  static SegmentId id(int number) {
    return SegmentId.of(
        LOCATION,
        new ObjectVersion("key " + number, MIB + number, Optional.of("tag"), 0, false),
        0);
  }

  private DiskCache open(Optional<SegmentMac> mac) throws IOException {
    return DiskCache.open(directory, LARGE, mac, warnings::add);
  }

  private static byte[] read(DiskCache cache, SegmentId id) {
    byte[][] pieces =
        new byte[Math.ceilDiv(id.payloadLength(), ChunkGrid.CHUNK_BYTES)][ChunkGrid.CHUNK_BYTES];
    if (!cache.read(
        id,
        offset -> ByteBuffer.wrap(pieces[offset / ChunkGrid.CHUNK_BYTES]),
        ByteBuffer.allocate(0))) {
      return new byte[0];
    }
    ByteBuffer all = ByteBuffer.allocate(id.payloadLength());
    for (byte[] piece : pieces) {
      all.put(piece, 0, Math.min(piece.length, all.remaining()));
    }
    return all.array();
  }

  private static void write(DiskCache cache, SegmentId id, byte[] payload) {
    cache.write(id, List.of(ByteBuffer.wrap(payload)));
  }

  private Path file(SegmentId id) {
    return directory
        .resolve(DiskCache.VERSION_DIRECTORY)
        .resolve(id.directory())
        .resolve(id.file());
  }

  @Test
  void whatWasWrittenIsReadByTheNextProcessToo() throws Exception {
    byte[] payload = CacheWriter.payload(1);
    try (DiskCache cache = open(Optional.empty())) {
      assertFalse(cache.mayHold(id(1)));
      write(cache, id(1), payload);
      assertTrue(cache.mayHold(id(1)));
    }
    try (DiskCache cache = open(Optional.empty())) {
      assertArrayEquals(payload, read(cache, id(1)));
      assertEquals(0, read(cache, id(2)).length);
      assertEquals(1, cache.figures(0).hits());
    }
    assertTrue(warnings.isEmpty(), warnings.toString());
  }

  @Test
  void noNameOfAnObjectIsWritten() throws Exception {
    try (DiskCache cache = open(Optional.empty());
        Stream<Path> files = Files.walk(directory)) {
      write(cache, id(1), CacheWriter.payload(1));
      assertTrue(files.noneMatch(file -> file.toString().contains("key")));
    }
    assertNotEquals(id(1).directory(), id(2).directory());
  }

  @Test
  void everyDamagedBitOfTheHeaderAndEveryTruncationIsAMiss() throws Exception {
    byte[] payload = CacheWriter.payload(3);
    try (DiskCache cache = open(Optional.empty())) {
      write(cache, id(3), payload);
      byte[] whole = Files.readAllBytes(file(id(3)));
      for (int bit = 0; bit < 8 * SegmentHeader.SIZE; bit++) {
        byte[] damaged = whole.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        boolean ignored = bit / 8 >= 40 && bit / 8 < 56;
        Files.write(file(id(3)), damaged);
        assertEquals(ignored ? payload.length : 0, read(cache, id(3)).length, "bit " + bit);
      }
      for (int length : new int[] {0, 1, 63, 64, 65, whole.length - 1}) {
        Files.write(file(id(3)), Arrays.copyOf(whole, length));
        assertEquals(0, read(cache, id(3)).length);
      }
      Files.write(file(id(3)), Arrays.copyOf(whole, whole.length + 1));
      assertEquals(0, read(cache, id(3)).length);
      assertFalse(Files.exists(file(id(3))), "damaged segments are deleted");
      assertTrue(cache.isOn());
    }
  }

  @Test
  void damagedPayloadIsAMiss() throws Exception {
    try (DiskCache cache = open(Optional.empty())) {
      write(cache, id(4), CacheWriter.payload(4));
      byte[] whole = Files.readAllBytes(file(id(4)));
      for (int at : new int[] {64, 1000, whole.length - 1}) {
        byte[] damaged = whole.clone();
        damaged[at] ^= 1;
        Files.write(file(id(4)), damaged);
        assertEquals(0, read(cache, id(4)).length);
      }
      assertEquals(3, cache.figures(0).corrupt());
    }
  }

  @Test
  void aSegmentOfAnotherObjectInItsPlaceIsAMiss() throws Exception {
    try (DiskCache cache = open(Optional.empty())) {
      SegmentId one =
          SegmentId.of(LOCATION, new ObjectVersion("k", MIB, Optional.of("1"), 0, false), 0);
      SegmentId two =
          SegmentId.of(LOCATION, new ObjectVersion("k", MIB, Optional.of("2"), 0, false), 0);
      write(cache, one, FakeStore.bytes(MIB, 1));
      write(cache, two, FakeStore.bytes(MIB, 2));
      Files.copy(file(one), file(two), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertEquals(0, read(cache, two).length);
    }
  }

  @Test
  void withAMacAnAttackerWhoCanWriteTheCacheChangesNothing() throws Exception {
    byte[] key = FakeStore.bytes(32, 5);
    byte[] payload = CacheWriter.payload(5);
    byte[] forged = payload.clone();
    forged[12345] ^= 1;
    try (DiskCache cache = open(Optional.of(SegmentMac.derive(key)))) {
      write(cache, id(5), payload);
      assertArrayEquals(payload, read(cache, id(5)));
    }
    byte[] genuine = Files.readAllBytes(file(id(5)));
    // with a checksum that fits, with and without the MAC of the genuine one
    try (DiskCache plain = open(Optional.empty())) {
      write(plain, id(5), forged);
    }
    byte[] withoutMac = Files.readAllBytes(file(id(5)));
    byte[] withOldMac =
        SegmentHeader.of(id(5), SegmentHeader.FLAG_MAC, ByteBuffer.wrap(withoutMac).getInt(32))
            .withMac(Arrays.copyOfRange(genuine, 40, 56))
            .encode();
    try (DiskCache cache = open(Optional.of(SegmentMac.derive(key)))) {
      assertEquals(0, read(cache, id(5)).length);
      System.arraycopy(withOldMac, 0, withoutMac, 0, withOldMac.length);
      Files.write(file(id(5)), withoutMac);
      assertEquals(0, read(cache, id(5)).length);
      Files.write(file(id(5)), genuine);
      assertArrayEquals(payload, read(cache, id(5)));
    }
    try (DiskCache other = open(Optional.of(SegmentMac.derive(FakeStore.bytes(32, 6))))) {
      assertEquals(0, read(other, id(5)).length, "another volume's key");
    }
  }

  @Test
  void aLinkOrAFifoInPlaceOfASegmentIsNotFollowedAndNotWaitedFor() throws Exception {
    try (DiskCache cache = open(Optional.empty())) {
      write(cache, id(6), CacheWriter.payload(6));
      Path elsewhere = directory.resolve("elsewhere");
      Files.move(file(id(6)), elsewhere);
      Files.createSymbolicLink(file(id(6)), elsewhere);
      assertEquals(0, read(cache, id(6)).length);
    }
    try (DiskCache cache = open(Optional.empty())) {
      Files.deleteIfExists(file(id(6)));
      Commands.succeed("mkfifo", file(id(6)).toString());
      assertEquals(0, read(cache, id(6)).length);
    }
  }

  @Test
  void theLongestUnusedGoesWhenTheLimitIsReached() throws Exception {
    try (DiskCache cache =
        DiskCache.open(directory, new DiskLimits(5L * MIB, 0), Optional.empty(), warnings::add)) {
      for (int i = 0; i < 4; i++) {
        write(cache, id(i), CacheWriter.payload(i));
        Files.setLastModifiedTime(
            file(id(i)), java.nio.file.attribute.FileTime.fromMillis(1000L * i));
      }
      // used now: it stays
      assertEquals(MIB, read(cache, id(0)).length);
      write(cache, id(4), CacheWriter.payload(4));
      assertTrue(cache.mayHold(id(0)));
      assertFalse(cache.mayHold(id(1)));
      assertTrue(cache.mayHold(id(3)));
      assertTrue(cache.mayHold(id(4)));
      assertTrue(cache.figures(0).evictions() >= 1);
      assertEquals(0, cache.figures(0).evictionsForSpace());
      assertTrue(cache.figures(0).bytes() <= 5L * MIB, cache.figures(0).toString());
    }
  }

  @Test
  void processesThatShareACacheKeepItsLimitTogether() throws Exception {
    DiskLimits limits = new DiskLimits(5L * MIB, 0);
    try (DiskCache one = DiskCache.open(directory, limits, Optional.empty(), warnings::add);
        DiskCache two = DiskCache.open(directory, limits, Optional.empty(), warnings::add)) {
      for (int i = 0; i < 24; i++) {
        write(i % 2 == 0 ? one : two, id(i), CacheWriter.payload(i));
        assertTrue(segments() < 5, "kept " + segments());
      }
      assertTrue(segments() >= 3, "kept " + segments());
    }
  }

  @Test
  void aDiskWithTooLittleFreeSpaceIsLeftAlone() throws Exception {
    try (DiskCache cache =
        DiskCache.open(
            directory, new DiskLimits(1L << 40, 0.9999), Optional.empty(), warnings::add)) {
      write(cache, id(1), CacheWriter.payload(1));
      assertFalse(cache.mayHold(id(1)));
      assertTrue(cache.isOn());
    }
    assertTrue(warnings.isEmpty());
  }

  @Test
  void purgingDeletesSegmentsAndNothingElse() throws Exception {
    Path foreign = directory.resolve("notes.txt");
    Files.writeString(foreign, "keep");
    try (DiskCache cache = open(Optional.empty())) {
      write(cache, id(1), CacheWriter.payload(1));
      write(cache, id(2), CacheWriter.payload(2));
      Path beside = file(id(2)).resolveSibling("somebody-elses");
      Files.writeString(beside, "keep");
      assertTrue(DiskCache.purge(directory) > 2 * MIB);
      assertFalse(cache.mayHold(id(1)));
      assertTrue(Files.exists(beside) && Files.exists(foreign));
      write(cache, id(1), CacheWriter.payload(1));
      assertTrue(cache.mayHold(id(1)), "a running mount goes on");
    }
    assertEquals(0, DiskCache.purge(directory.resolve("missing")));
  }

  @Test
  void aDirectoryThatCannotBeUsedIsRefusedByName() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThrows(
        StorageException.class, () -> DiskCache.open(file, LARGE, Optional.empty(), warnings::add));
  }

  @Test
  void aProcessKilledWhileItWritesLeavesNoWrongByte() throws Exception {
    int hits = 0;
    for (int round = 0; round < 6; round++) {
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-cp",
                  System.getProperty("java.class.path"),
                  CacheWriter.class.getName(),
                  directory.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try {
        assertEquals("writing", writer.inputReader().readLine());
        // some segments, and whatever it is at just then
        int wanted = 2 * (round + 1);
        until(() -> segments() >= wanted || !writer.isAlive());
        assertTrue(writer.isAlive());
      } finally {
        writer.destroyForcibly().waitFor();
      }
      assertEquals(128 + 9, writer.exitValue());
      try (DiskCache cache = open(Optional.empty())) {
        for (int i = 0; i < CacheWriter.SEGMENTS; i++) {
          byte[] got = read(cache, id(i));
          if (got.length > 0) {
            hits++;
            assertArrayEquals(CacheWriter.payload(i), got);
          }
        }
        assertEquals(0, cache.figures(0).corrupt());
        write(cache, id(0), CacheWriter.payload(0));
        assertArrayEquals(CacheWriter.payload(0), read(cache, id(0)));
      }
    }
    assertTrue(hits > 6, hits + " segments survived");
  }

  private long segments() {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{8}")).count();
    } catch (IOException | java.io.UncheckedIOException e) {
      return 0;
    }
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited for nothing");
      Thread.sleep(1);
    }
  }

  @Test
  void aFullDiskSwitchesTheCacheOffWithOneLineAndReadersGoOn() throws Exception {
    boolean mounted =
        Commands.run(
                    "mount",
                    "-t",
                    "tmpfs",
                    "-o",
                    // room for one segment: what lacks space is deleted for, what lacks inodes is
                    // an error
                    "size=200m,nr_inodes=4",
                    "tmpfs",
                    directory.toString())
                .exit()
            == 0;
    assumeTrue(mounted || System.getenv("CI") != null, "needs root for a small file system");
    assertTrue(mounted);
    try {
      byte[] bytes = FakeStore.bytes(40 * MIB, 1);
      FakeStore fake = new FakeStore();
      ObjectVersion version = fake.put("a", bytes);
      try (ChunkStore store = new ChunkStore(fake, Undoubled.SETTINGS);
          Source source = store.open(version)) {
        store.attach(open(Optional.empty()));
        for (int offset = 0; offset < bytes.length; offset += MIB) {
          ByteBuffer dst = ByteBuffer.allocate(MIB);
          assertEquals(MIB, source.read(offset, dst));
          assertTrue(Arrays.equals(bytes, offset, offset + MIB, dst.array(), 0, MIB));
        }
        until(() -> store.figures().disk().faults() > 0);
        assertEquals(bytes.length, fake.bytesServed.get());
      }
      assertEquals(1, warnings.size(), warnings.toString());
    } finally {
      Commands.succeed("umount", directory.toString());
    }
  }

  @Test
  void aSecondMountReadsFromTheDiskAndAsksTheStoreNothing() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB + 777, 2);
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", bytes);
    for (int mount = 0; mount < 2; mount++) {
      ChunkSettings settings = Undoubled.SETTINGS;
      try (ChunkStore store = new ChunkStore(fake, settings)) {
        store.attach(open(Optional.empty()));
        try (Source source = store.open(version)) {
          for (int offset = 0; offset < bytes.length; offset += 100_000) {
            ByteBuffer dst = ByteBuffer.allocate(100_000);
            int got = source.read(offset, dst);
            assertTrue(Arrays.equals(bytes, offset, offset + got, dst.array(), 0, got));
          }
        }
        if (mount == 0) {
          until(() -> store.figures().disk().writes() == 3);
        } else {
          assertTrue(store.figures().disk().hits() >= 3, store.figures().toString());
        }
      }
      assertEquals(bytes.length, fake.bytesServed.get());
    }
  }

  /** Reads objects of 24 MiB side by side, a piece of each after the other, none ahead. */
  private static ChunkFigures readSideBySide(Path directory, int readers, long budget)
      throws Exception {
    FakeStore fake = new FakeStore();
    byte[] bytes = FakeStore.bytes(24 * MIB, 14);
    List<Source> sources = new ArrayList<>();
    ChunkSettings settings = SETTINGS.withBudget(budget).withPrefetchWindow(0);
    try (ChunkStore store = new ChunkStore(fake, settings)) {
      store.attach(DiskCache.open(directory, LARGE, Optional.empty(), warning -> {}));
      for (int i = 0; i < readers; i++) {
        sources.add(store.open(fake.put("object " + i, bytes)));
      }
      for (int offset = 0; offset < bytes.length; offset += MIB / 4) {
        for (Source source : sources) {
          read(source, offset, MIB / 4);
        }
        // what comes too fast for the disk is another test's
        until(() -> store.figures().inFlight() == 0);
        long over = (offset + MIB / 4) / (8 * MIB) * (long) readers;
        until(() -> store.figures().disk().writes() + store.figures().disk().skipped() >= over);
      }
      assertTrue(store.figures().memoryBytes() <= budget + readers * (MIB / 4L));
      for (Source source : sources) {
        source.close();
      }
      return store.figures();
    }
  }

  @Test
  void manyReadersInSequenceFillTheDisk() throws Exception {
    ChunkFigures figures = readSideBySide(directory, 6, 64L * MIB);
    assertEquals(18, figures.disk().writes(), figures.toString());
    assertEquals(0, figures.disk().skipped(), figures.toString());
  }

  @Test
  void segmentsForWhichTheMemoryIsTooLittleAreCountedAndTheOthersAreKept() throws Exception {
    ChunkFigures figures = readSideBySide(directory, 6, 32L * MIB);
    assertTrue(figures.disk().skipped() > 0, figures.toString());
    assertTrue(figures.disk().writes() > 0, figures.toString());
    assertEquals(18, figures.disk().writes() + figures.disk().skipped(), figures.toString());
  }

  private static boolean warm(ChunkStore store, ObjectVersion version, boolean goOn)
      throws Exception {
    try (Source source = store.open(version)) {
      return source.warm(0, source.size(), brought -> goOn);
    }
  }

  @Test
  void warmingBringsAWholeObjectOnceAndKeepsLittleInMemory() throws Exception {
    byte[] bytes = FakeStore.bytes(150 * MIB + 5, 5);
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", bytes);
    ChunkSettings settings = Undoubled.SETTINGS.withBudget(64L * MIB);
    try (ChunkStore store = new ChunkStore(fake, settings)) {
      assertTrue(warm(store, version, true), "nothing to do without a disk cache");
      assertEquals(0, fake.requests.size());
      store.attach(open(Optional.empty()));
      assertTrue(warm(store, version, true));
      assertEquals(19, store.figures().disk().writes());
      until(() -> store.figures().warmBytes() == bytes.length);
      until(() -> store.figures().memoryBytes() == 0);
      assertTrue(warm(store, version, true));
      assertFalse(warm(store, version, false));
      assertEquals(bytes.length, fake.bytesServed.get());
      try (Source source = store.open(version)) {
        ByteBuffer dst = ByteBuffer.allocate(MIB);
        assertEquals(MIB, source.read(99L * MIB, dst));
        assertTrue(Arrays.equals(bytes, 99 * MIB, 100 * MIB, dst.array(), 0, MIB));
      }
      assertEquals(bytes.length, fake.bytesServed.get());
    }
  }

  private static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31)
          .withRetries(
              new RetryPolicy(2, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofHours(1)),
              Duration.ofHours(1));

  private static void read(Source source, long offset, int length) throws IOException {
    assertEquals(length, source.read(offset, ByteBuffer.allocate(length)));
  }

  @Test
  void warmingKeepsWhatReadersAreDoneWithUntilItsSegmentIsWritten() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(9 * MIB, 6));
    CountDownLatch go = new CountDownLatch(1);
    try (ChunkStore store = new ChunkStore(fake, SETTINGS);
        Source source = store.open(version);
        ExecutorService warmer = Executors.newCachedThreadPool()) {
      store.attach(open(Optional.empty()));
      read(source, 0, MIB);
      until(() -> store.figures().inFlight() == 0);
      fake.fails((request, served, cancellation) -> FakeStore.await(go, cancellation));
      Future<Boolean> warmed = warmer.submit(() -> source.warm(0, 8 * MIB, brought -> true));
      until(() -> fake.requests.size() == 2);
      source.doneWith(0, MIB);
      go.countDown();
      assertTrue(warmed.get(30, TimeUnit.SECONDS));
      assertEquals(1, store.figures().disk().writes());
      assertEquals(8L * MIB, fake.bytesServed.get());
    }
  }

  @Test
  void warmingBringsBackASegmentOfWhichAReaderHasAPartFromTheDisk() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(9 * MIB, 7));
    for (int mount = 0; mount < 2; mount++) {
      try (ChunkStore store = new ChunkStore(fake, SETTINGS);
          Source source = store.open(version);
          ExecutorService warmer = Executors.newCachedThreadPool()) {
        store.attach(open(Optional.empty()));
        if (mount == 1) {
          read(source, 0, MIB);
          assertEquals(1, store.figures().disk().hits());
          assertTrue(DiskCache.purge(directory) > 0);
        }
        Future<Boolean> warmed =
            warmer.submit(() -> source.warm(0, source.size(), brought -> true));
        assertTrue(warmed.get(30, TimeUnit.SECONDS));
        assertEquals(2, store.figures().disk().writes());
      }
    }
    assertEquals((9 + 8) * (long) MIB, fake.bytesServed.get());
  }

  @Test
  void warmingEndsSoonWhenItIsToldToOrTheStoreIsClosed() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(9 * MIB, 8));
    CountDownLatch never = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(never, cancellation));
    AtomicBoolean goOn = new AtomicBoolean(true);
    AtomicInteger asked = new AtomicInteger();
    ChunkSettings hasty = SETTINGS.withRetries(RetryPolicy.DEFAULT, Duration.ofMillis(1));
    ChunkStore store = new ChunkStore(fake, hasty);
    try (Source source = store.open(version);
        ExecutorService warmer = Executors.newCachedThreadPool()) {
      store.attach(open(Optional.empty()));
      Callable<Boolean> warming =
          () ->
              source.warm(
                  0,
                  source.size(),
                  brought -> {
                    asked.incrementAndGet();
                    return goOn.get();
                  });
      Future<Boolean> stopped = warmer.submit(warming);
      until(() -> asked.get() >= 4);
      assertEquals(0, store.figures().hedges(), "doubled, though no reader waits");
      goOn.set(false);
      assertFalse(stopped.get(20, TimeUnit.SECONDS));
      goOn.set(true);
      int before = asked.get();
      Future<Boolean> closed = warmer.submit(warming);
      until(() -> asked.get() > before + 1);
      store.close();
      Throwable failure =
          assertThrows(ExecutionException.class, () -> closed.get(20, TimeUnit.SECONDS)).getCause();
      assertInstanceOf(StorageException.class, failure);
    }
  }

  @Test
  void aSegmentForWhichNoMemoryIsFreeIsWarmedAllTheSame() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(8 * MIB, 9));
    try (ChunkStore store = new ChunkStore(fake, SETTINGS.withBudget(4L * MIB));
        Source source = store.open(version)) {
      store.attach(open(Optional.empty()));
      assertTrue(source.warm(0, source.size(), brought -> true));
      assertEquals(1, store.figures().disk().writes());
      until(() -> store.figures().memoryBytes() == 0);
    }
  }

  @Test
  void theFailureOfASegmentThatWasAskedForAheadFailsTheWarming() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(24 * MIB, 10));
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> {
      if (request.offset() == 8 * MIB) {
        throw new StoreDeniedException("403");
      }
      FakeStore.await(go, cancellation);
    });
    try (ChunkStore store = new ChunkStore(fake, SETTINGS);
        Source source = store.open(version);
        ExecutorService warmer = Executors.newCachedThreadPool()) {
      store.attach(open(Optional.empty()));
      Future<Boolean> warmed = warmer.submit(() -> source.warm(0, source.size(), brought -> true));
      until(() -> store.figures().failedRequests() == 1 && store.figures().inFlight() == 2);
      go.countDown();
      Throwable failure = assertThrows(ExecutionException.class, warmed::get).getCause();
      assertInstanceOf(StoreDeniedException.class, failure);
    }
  }

  @Test
  void whatIsLackingOfAReplacedObjectFailsTheWarming() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(24 * MIB, 11));
    try (ChunkStore store = new ChunkStore(fake, SETTINGS);
        Source source = store.open(version)) {
      store.attach(open(Optional.empty()));
      fake.put("a", FakeStore.bytes(24 * MIB, 12));
      assertThrows(StaleSourceException.class, () -> read(source, 0, MIB));
      assertThrows(
          StaleSourceException.class, () -> source.warm(8 * MIB, 16 * MIB, brought -> true));
    }
  }

  @Test
  void warmingFailsWhereTheDiskTakesNothing() throws Exception {
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", FakeStore.bytes(9 * MIB, 13));
    try (ChunkStore store = new ChunkStore(fake, SETTINGS);
        Source source = store.open(version)) {
      store.attach(
          DiskCache.open(
              directory, new DiskLimits(1L << 40, 0.9999), Optional.empty(), warnings::add));
      assertThrows(StorageException.class, () -> source.warm(0, source.size(), brought -> true));
      read(source, 0, MIB);
    }
  }

  @Test
  void aSegmentThatAFormatFindsDamagedIsFetchedPastTheDisk() throws Exception {
    byte[] bytes = FakeStore.bytes(10 * MIB, 3);
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", bytes);
    ChunkSettings settings = Undoubled.SETTINGS;
    try (DiskCache cache = open(Optional.empty())) {
      // what an attacker wrote, with a checksum that fits
      cache.write(
          SegmentId.of(fake.location(), version, 0),
          List.of(ByteBuffer.wrap(FakeStore.bytes(8 * MIB, 4))));
    }
    try (ChunkStore store = new ChunkStore(fake, settings)) {
      store.attach(open(Optional.empty()));
      try (Source source = store.open(version)) {
        ByteBuffer dst = ByteBuffer.allocate(1000);
        source.read(5000, dst);
        assertFalse(Arrays.equals(bytes, 5000, 6000, dst.array(), 0, 1000));
        assertTrue(source.distrust(5000, 1000));
        dst.clear();
        source.read(5000, dst);
        assertTrue(Arrays.equals(bytes, 5000, 6000, dst.array(), 0, 1000));
        assertEquals(1, fake.requests.size());
      }
    }
  }

  @Test
  void whatAFormatNeedsFirstNeverComesFromTheDisk() throws Exception {
    FakeStore fake = new FakeStore();
    fake.put("m/data", FakeStore.bytes(1000, 3));
    ChunkStore chunks = new ChunkStore(fake, Undoubled.SETTINGS);
    Name tweak = Name.of("tweak");
    try (BucketTree tree =
        BucketTree.open(fake, "m/", chunks, tweak::equals, RetryPolicy.DEFAULT, warning -> {})) {
      byte[] good = FakeStore.bytes(16, 5);
      ObjectVersion version = fake.put("m/tweak", good);
      SegmentId id = SegmentId.of(fake.location(), version, 0);
      try (DiskCache cache = open(Optional.empty())) {
        assertTrue(cache.write(id, List.of(ByteBuffer.wrap(FakeStore.bytes(16, 4)))));
      }
      chunks.attach(open(Optional.empty()));
      tree.refresh(Cancellation.none());
      try (Source kept = tree.open(tree.lookup(tree.root(), tweak));
          Source opened = chunks.openIndex(version)) {
        for (Source source : List.of(kept, opened)) {
          ByteBuffer dst = ByteBuffer.allocate(16);
          assertEquals(16, source.read(0, dst));
          assertArrayEquals(good, dst.array());
        }
      }
      assertEquals(0, chunks.figures().disk().hits());
    }
  }
}
