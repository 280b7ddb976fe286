package io.unsealfs.mount.resident;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.mount.Mounts;
import io.unsealfs.mount.resident.ResidentFile.State;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which files are in memory, over real memory. */
final class ResidentsTest {
  private static final int PIECE = ResidentFile.PIECE_BYTES;
  private static final long BUDGET = 16L << 20;
  private static final int SIZE = 6 << 20;

  private final AtomicLong left = new AtomicLong(1L << 40);
  private final BlockingQueue<ResidentFile> decided = new LinkedBlockingQueue<>();
  private final Set<ResidentFile> seen = new HashSet<>();
  private final List<ResidentFile> dropped = new ArrayList<>();
  private volatile Runnable whenDropped = () -> {};
  private @Nullable HiddenMemory memory;
  private @Nullable Residents residents;

  @BeforeEach
  void begin() throws Exception {
    Mounts.requireRoot();
    begin(BUDGET);
  }

  private void begin(long memoryBytes) throws Exception {
    begin(memoryBytes, new ResidentPlan(path -> true, BUDGET, true));
  }

  private void begin(long memoryBytes, ResidentPlan plan) throws Exception {
    HiddenMemory made = HiddenMemory.create(memoryBytes);
    memory = made;
    residents = new Residents(made, plan, left::get, 2, decided::add, this::drop);
  }

  private void drop(ResidentFile file) {
    dropped.add(file);
    whenDropped.run();
  }

  @AfterEach
  void end() {
    residents().close();
  }

  private Residents residents() {
    return Objects.requireNonNull(residents);
  }

  private long used() throws Exception {
    return Objects.requireNonNull(memory).usedBytes();
  }

  /** Who was at a piece when the file was given up holds the memory until he is done. */
  private void assertAllIsFree() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (used() > 0 && System.nanoTime() < deadline) {
      Thread.sleep(1);
    }
    assertEquals(0, used());
  }

  private @Nullable ResidentFile pin(long id) throws IOException {
    return pin(id, new Content(SIZE));
  }

  private @Nullable ResidentFile pin(long id, Content content) throws IOException {
    return residents()
        .pin(
            id,
            content.size,
            () -> {
              content.opened.incrementAndGet();
              return content;
            });
  }

  private ResidentFile filled(long id) throws Exception {
    ResidentFile file = Objects.requireNonNull(pin(id), "refused");
    if (seen.add(file)) { // each is decided once, maybe already
      assertSame(file, decision());
    }
    assertEquals(State.RESIDENT, file.state());
    return file;
  }

  private ResidentFile decision() throws InterruptedException {
    return Objects.requireNonNull(decided.poll(30, TimeUnit.SECONDS), "never decided");
  }

  @Test
  void aFileIsFilledOnceForAllItsUsers() throws Exception {
    Content content = new Content(SIZE + 123);
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    assertSame(file, pin(1, content));
    decision();
    assertEquals(7, content.reads.get());
    assertEquals(1, residents().figures().fills());
    assertEquals(8 << 20, residents().figures().bytesHeld(), "in whole huge pages");
    byte[] all = new byte[SIZE + 123];
    assertEquals(all.length, file.memory().read(ByteBuffer.wrap(all), 0));
    assertArrayEquals(content.bytes(0, all.length), all);
    residents().unpin(file);
    residents().unpin(file);
    assertSame(file, pin(1, content), "it stays");
  }

  @Test
  void whoseUseIsLongestAgoGoesFirst() throws Exception {
    ResidentFile one = filled(1);
    ResidentFile two = filled(2);
    residents().unpin(one);
    residents().unpin(two);
    residents().unpin(filled(1));
    filled(3);
    assertEquals(List.of(two), dropped);
    assertEquals(2, residents().figures().files());
    assertEquals(1, residents().figures().evictions());
    assertTrue(used() <= 2L * SIZE, "the memory of the other one is still in use");
  }

  @Test
  void whoIsUsedStaysAndTheNextOneIsRefused() throws Exception {
    filled(1);
    filled(2);
    assertNull(pin(3));
    assertNull(pin(3));
    assertEquals(List.of(), dropped);
    assertEquals(2, residents().figures().refused());
  }

  @Test
  void nobodyGoesForOneWhoWouldNotFitAllTheSame() throws Exception {
    ResidentFile used = filled(1);
    residents().unpin(filled(2));
    assertNull(pin(3, new Content(12 << 20)), "above the budget beside the one in use");
    left.set((128L << 20) - 1);
    residents().unpin(used);
    assertNull(pin(3, new Content(14 << 20)), "above the memory there would be");
    assertEquals(List.of(), dropped);
    assertEquals(0, residents().figures().evictions());
    assertEquals(2, residents().figures().files());
  }

  @Test
  void whoseMemoryIsNeededGoesAlsoWithinTheBudget() throws Exception {
    ResidentFile one = filled(1);
    residents().unpin(one);
    left.set((128L << 20) + 1);
    assertNotNull(pin(2, new Content(4 << 20)));
    assertEquals(List.of(one), dropped);
  }

  @Test
  void smallFilesAndFilesAboveTheBudgetAreNotTaken() throws Exception {
    assertNull(pin(1, new Content((int) ResidentPlan.LEAST_FILE_BYTES - 1)));
    assertNull(pin(2, new Content((int) BUDGET + 1)));
    assertNull(pin(3, new Content(Long.MAX_VALUE)));
    assertEquals(0, residents().figures().bytesHeld());
    assertNotNull(pin(4, new Content((int) BUDGET)));
  }

  @Test
  void nothingIsFilledWhileItsMemoryIsStillBeingWiped() throws Exception {
    residents().unpin(filled(1));
    residents().unpin(filled(2));
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    whenDropped =
        () -> {
          inside.countDown();
          await(go);
        };
    Content content = new Content(BUDGET);
    CompletableFuture<@Nullable ResidentFile> first =
        CompletableFuture.supplyAsync(() -> {
          try {
            return pin(3, content);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    await(inside);
    ResidentFile file = Objects.requireNonNull(pin(3, content));
    assertEquals(-1, file.read(BUDGET - PIECE, ByteBuffer.allocate(10)), "not yet");
    assertEquals(0, content.reads.get());
    assertEquals(BUDGET, residents().figures().bytesHeld());
    go.countDown();
    assertSame(file, first.get(30, TimeUnit.SECONDS));
    assertSame(file, decision());
    assertEquals(State.RESIDENT, file.state(), file::reason);
  }

  @Test
  void whatIsFilledAlreadyIsNotCountedTwice() throws Exception {
    Content content = new Content(8 << 20);
    CountDownLatch go = new CountDownLatch(1);
    content.beforeRead =
        offset -> {
          if (offset >= 6L * PIECE) {
            await(go);
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    while (file.filledBytes() < 6L * PIECE) {
      Thread.onSpinWait();
    }
    left.set((128L << 20) + 2 * PIECE + SIZE);
    assertNotNull(pin(2));
    go.countDown();
  }

  @Test
  void shrinkingFreesWhatNobodyUses() throws Exception {
    ResidentFile used = filled(1);
    residents().unpin(filled(2));
    residents().shrink();
    assertEquals(1, residents().figures().files());
    assertEquals(SIZE, residents().figures().bytesHeld());
    assertEquals(SIZE, used(), "freed at once");
    residents().unpin(used);
    residents().shrink();
    assertEquals(0, used());
    assertEquals(0, residents().figures().bytesHeld());
    filled(1);
  }

  @Test
  void noFileIsBegunWhereTheReserveWouldGo() throws Exception {
    left.set((128L << 20) + SIZE - 1);
    assertNull(pin(1));
    left.set((128L << 20) + SIZE);
    assertNotNull(pin(1));
  }

  @Test
  void aFillEndsWhenMemoryGetsShort() throws Exception {
    Content content = new Content((int) BUDGET - 1);
    content.beforeRead = offset -> left.set(0);
    // looks happen every 32 pieces: two files of 16
    ResidentFile file = null;
    for (int id = 0; id < 20; id++) {
      left.set(1L << 40);
      file = pin(id, content);
      if (file == null) {
        break;
      }
      decision();
      residents().unpin(file);
      if (file.state() == State.GIVEN_UP) {
        break;
      }
    }
    assertNotNull(file);
    assertEquals(State.GIVEN_UP, file.state());
    assertEquals("memory is short", file.reason());
    assertEquals(0, residents().figures().bytesHeld());
    assertAllIsFree();
  }

  @Test
  void withoutMemoryItIsGivenUpAndTriedAgainLater() throws Exception {
    residents().close();
    begin(4 << 20);
    ResidentFile file = Objects.requireNonNull(pin(1));
    assertEquals(State.GIVEN_UP, decision().state());
    assertTrue(String.valueOf(file.reason()).contains("pwrite"), file::reason);
    assertEquals(0, residents().figures().bytesHeld());
    assertEquals(1, residents().figures().givenUp());
    assertNull(pin(1), "while somebody of that time is there");
    residents().unpin(file);
    assertNotNull(pin(1));
  }

  @Test
  void aDamagedFileIsNeverTriedAgain() throws Exception {
    Content content = new Content(SIZE);
    content.beforeRead =
        offset -> {
          if (offset >= 5L * PIECE) {
            throw new IntegrityException("c/2", 0, "damaged");
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    assertEquals(State.GIVEN_UP, decision().state());
    residents().unpin(file);
    content.beforeRead = offset -> {};
    int opened = content.opened.get();
    assertNull(pin(1, content));
    assertEquals(opened, content.opened.get(), "not even opened");
    assertAllIsFree();
    assertEquals(0, residents().figures().files());
  }

  @Test
  void ofManyDamagedFilesThoseAskedForLastAreRemembered() {
    DamagedFiles damaged = new DamagedFiles(3);
    for (long id = 1; id <= 3; id++) {
      damaged.add(id);
    }
    assertTrue(damaged.contains(1));
    damaged.add(4);
    assertTrue(damaged.contains(1) && damaged.contains(3) && damaged.contains(4));
    assertFalse(damaged.contains(2));
  }

  @Test
  void whatIsGivenUpWhenNobodyWantsItAnyMoreIsForgotten() throws Exception {
    Content content = new Content(SIZE);
    CountDownLatch go = new CountDownLatch(1);
    content.beforeRead =
        offset -> {
          await(go);
          throw new StorageException("not now");
        };
    residents().unpin(Objects.requireNonNull(pin(1, content)));
    go.countDown();
    assertEquals(State.GIVEN_UP, decision().state());
    assertEquals(0, residents().figures().files());
  }

  @Test
  void readingNeverShowsWhatIsNotFilled() throws Exception {
    Content content = new Content(SIZE);
    CountDownLatch go = new CountDownLatch(1);
    content.beforeRead =
        offset -> {
          if (offset < 2L * PIECE) {
            await(go); // both threads hang in the first two pieces
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    // a piece that nobody has begun is decrypted by its reader
    assertPlaintext(content, file, 4L * PIECE + 100, PIECE);
    // one that is being decrypted is waited for
    CompletableFuture<byte[]> waiting =
        CompletableFuture.supplyAsync(() -> plaintext(file, PIECE - 10L, 20));
    assertEquals(State.FILLING, file.state());
    go.countDown();
    assertArrayEquals(content.bytes(PIECE - 10L, 20), waiting.get(30, TimeUnit.SECONDS));
    decision();
    assertEquals(6, content.reads.get(), "each piece once");
  }

  @Test
  void whoIsInterruptedGivesNothingUp() throws Exception {
    Content content = new Content(SIZE);
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch go = new CountDownLatch(1);
    AtomicReference<ResidentFile> filling = new AtomicReference<>();
    AtomicInteger tries = new AtomicInteger();
    content.beforeRead =
        offset -> {
          if (offset < 2L * PIECE) {
            inside.countDown();
            await(go); // both threads hang in the first two pieces
          } else if (offset == 4L * PIECE && tries.incrementAndGet() == 1) {
            go.countDown();
            while (filling.get().filledBytes() < SIZE - PIECE) {
              Thread.onSpinWait(); // all the others are there
            }
            throw new InterruptedIOException("interrupted");
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    filling.set(file);
    await(inside);
    ByteBuffer plaintext = ByteBuffer.allocate(10);
    assertThrows(InterruptedIOException.class, () -> file.read(4L * PIECE, plaintext));
    assertEquals(State.RESIDENT, decision().state());
    assertPlaintext(content, file, 4L * PIECE - 5, 10);
    assertEquals(2, tries.get());
  }

  @Test
  void whatIsGivenUpShowsNothingToItsReaders() throws Exception {
    Content content = new Content(SIZE);
    content.beforeRead =
        offset -> {
          if (offset == 3L * PIECE) {
            throw new StorageException("not now");
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    decision();
    ByteBuffer plaintext = ByteBuffer.allocate(100);
    for (long piece = 0; piece < 6; piece++) {
      assertEquals(-1, file.read(piece * PIECE, plaintext));
      assertEquals(0, plaintext.position());
      assertEquals(100, plaintext.limit());
    }
    assertEquals(1, content.closed.get());
  }

  @Test
  void theEndCutsOffWhoeverStillReads() throws Exception {
    ResidentFile file = filled(1);
    residents().close();
    assertEquals(List.of(file), dropped);
    assertEquals(-1, file.read(0, ByteBuffer.allocate(10)));
    assertNull(pin(1));
    assertNull(pin(2));
    residents().unpin(file);
  }

  @Test
  void whoUsesAFileIsCutOffBeforeAnythingIsWiped() throws Exception {
    ResidentFile unused = filled(1);
    residents().unpin(unused);
    ResidentFile used = filled(2);
    residents().cutOff();
    assertEquals(List.of(unused, used), dropped);
    assertEquals(-1, used.read(0, ByteBuffer.allocate(10)), "still there");
    assertEquals(SIZE, used(), "wiped before the end");
    assertNull(pin(1));
    residents().close();
    assertEquals(-1, unused.read(0, ByteBuffer.allocate(10)), "never wiped");
  }

  @Test
  void whoEndsItAsWellWaitsUntilEverybodyIsCutOff() throws Exception {
    filled(1);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    whenDropped =
        () -> {
          inside.countDown();
          await(go);
        };
    CompletableFuture<Void> first = CompletableFuture.runAsync(residents()::cutOff);
    await(inside);
    Thread second = Thread.ofPlatform().start(residents()::close);
    while (second.getState() != Thread.State.WAITING
        && second.getState() != Thread.State.TERMINATED) {
      Thread.onSpinWait();
    }
    assertEquals(Thread.State.WAITING, second.getState());
    go.countDown();
    first.get(30, TimeUnit.SECONDS);
    second.join();
  }

  @Test
  void theEndInterruptsWhoWaitsForAStorage() throws Exception {
    Content content = new Content(SIZE);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    content.beforeRead =
        offset -> {
          inside.countDown();
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    await(inside);
    residents().close();
    assertEquals(State.GIVEN_UP, decision().state());
    assertEquals("the mount ends", file.reason());
    assertTrue(content.reads.get() <= 2, "pieces begun after the end");
    assertEquals(-1, file.read(0, ByteBuffer.allocate(10)));
  }

  @Test
  void whereTheSystemGivesNoThreadsAFileIsGivenUp() throws Exception {
    Filler filler =
        new Filler(
            2,
            task ->
                new Thread(task) {
                  @Override
                  public void start() {
                    throw new OutOfMemoryError("unable to create native thread");
                  }
                });
    ResidentFile file =
        new ResidentFile(
            1,
            Objects.requireNonNull(memory).file(SIZE),
            new Content(SIZE),
            new ResidentFile.Keeper() {
              @Override
              public void filling(ResidentFile filled) {}

              @Override
              public void putBack(ResidentFile filled) {}

              @Override
              public void decided(ResidentFile filled) {
                decided.add(filled);
              }
            });
    filler.add(file);
    assertSame(file, decision());
    assertEquals("no thread to fill it", file.reason());
    filler.close();
    file.free(false);
  }

  private static void assertPlaintext(Content content, ResidentFile file, long offset, int length) {
    assertArrayEquals(content.bytes(offset, length), plaintext(file, offset, length));
  }

  private static byte[] plaintext(ResidentFile file, long offset, int length) {
    ByteBuffer plaintext = ByteBuffer.allocate(length);
    try {
      assertEquals(length, file.read(offset, plaintext));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return plaintext.array();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatWasTouchedAheadCountsAsLeftAndIsGivenUpPieceByPiece() throws Exception {
    residents().close();
    TouchAhead touched = new TouchAhead(BUDGET, () -> 1L << 40, () -> 0);
    CompletableFuture<Void> touching = touch(touched);
    while (touched.heldBytes() < BUDGET) {
      Thread.onSpinWait();
    }
    begin(BUDGET, new ResidentPlan(path -> true, BUDGET, true, Optional.of(touched)));
    left.set((128L << 20) + SIZE - BUDGET);
    ResidentFile file = filled(1);
    assertEquals(BUDGET - SIZE, touched.heldBytes());
    residents().unpin(file);
    residents().shrink();
    assertEquals(0, touched.heldBytes());
    touching.get(30, TimeUnit.SECONDS);
  }

  @Test
  void whoFillsByReadingTakesOfWhatWasTouched() throws Exception {
    residents().close();
    TouchAhead touched = new TouchAhead(BUDGET, () -> 1L << 40, () -> 0);
    CompletableFuture<Void> touching = touch(touched);
    while (touched.heldBytes() < BUDGET) {
      Thread.onSpinWait();
    }
    begin(BUDGET, new ResidentPlan(path -> true, BUDGET, true, Optional.of(touched)));
    Content content = new Content(SIZE);
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch go = new CountDownLatch(1);
    content.beforeRead =
        offset -> {
          if (offset < 2L * PIECE) {
            inside.countDown();
            await(go);
          }
        };
    ResidentFile file = Objects.requireNonNull(pin(1, content));
    await(inside);
    assertPlaintext(content, file, 2L * PIECE, 4 * PIECE);
    assertEquals(State.FILLING, file.state());
    assertEquals(BUDGET - SIZE, touched.heldBytes());
    go.countDown();
    decision();
    residents().close();
    touching.get(30, TimeUnit.SECONDS);
  }

  private static CompletableFuture<Void> touch(TouchAhead touched) {
    return CompletableFuture.runAsync(() -> {
      try {
        touched.run(timeout -> false);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
  }

  /** What happens before a read. */
  @FunctionalInterface
  private interface Hook {
    void reading(long offset) throws IOException;
  }

  /** Bytes that follow from their place and are never zero. */
  private static final class Content implements Source {
    private final long size;
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private volatile Hook beforeRead = offset -> {};

    Content(long size) {
      this.size = size;
    }

    byte[] bytes(long offset, int length) {
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = (byte) (1 + (offset + i) % 251);
      }
      return bytes;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      reads.incrementAndGet();
      beforeRead.reading(offset);
      int length = (int) Math.min(dst.remaining(), size - offset);
      dst.put(bytes(offset, length));
      return length;
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }
}
