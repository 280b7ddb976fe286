package io.unsealfs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.chunk.FakeStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A long listing is cut into parts, and tells what a short one would. */
@Timeout(60)
class ObjectListingTest {
  private static final byte[] EMPTY = {};

  private final FakeStore fake = new FakeStore();

  private record Told(List<String> paths, List<String> skipped) {}

  private Told list(String prefix, long most, Cancellation cancellation, ListingAsker asker)
      throws IOException {
    Told told = new Told(new ArrayList<>(), new ArrayList<>());
    ObjectListing.walk(
        fake,
        prefix,
        most,
        new ListingVisitor() {
          @Override
          public void object(String path, ObjectVersion version) {
            assertEquals(prefix + path, version.key());
            told.paths.add(path);
          }

          @Override
          public void skipped(KeyFault fault, String shownKey) {
            told.skipped.add(fault + " " + shownKey);
          }
        },
        cancellation,
        asker);
    return told;
  }

  private Told list(String prefix) throws IOException {
    return list(prefix, 1_000_000, Cancellation.none(), ObjectStore::list);
  }

  /** As it was before there were parts: a store that knows no levels cannot be cut. */
  private Told listSerially(String prefix) throws IOException {
    return list(
        prefix,
        1_000_000,
        Cancellation.none(),
        (store, p, depth, continuation, cancellation) ->
            store.list(p, ListDepth.ALL, continuation, cancellation));
  }

  private void put(String prefix, int count) {
    for (int i = 0; i < count; i++) {
      fake.put(prefix + String.format("%06d", i), EMPTY);
    }
  }

  private void assertSameAsSerially(String prefix) throws IOException {
    AtomicInteger inParts = inParts();
    Told parallel = list(prefix);
    assertTrue(inParts.getAndSet(0) > 0, "in parts");
    assertEquals(listSerially(prefix), parallel);
    assertEquals(0, inParts.get());
  }

  /** Counts the pages that others than this thread ask for. */
  private AtomicInteger inParts() {
    AtomicInteger pages = new AtomicInteger();
    Thread own = Thread.currentThread();
    fake.failsLists((page, prefix, depth, cancellation) -> {
      if (!Thread.currentThread().equals(own)) {
        pages.incrementAndGet();
      }
    });
    return pages;
  }

  /** Has pages of parts wait until so many were asked for at a time. */
  private void waitFor(int atATime) {
    CountDownLatch enough = new CountDownLatch(atATime);
    Thread own = Thread.currentThread();
    fake.failsLists((page, prefix, depth, cancellation) -> {
      if (!Thread.currentThread().equals(own)) {
        enough.countDown();
        FakeStore.await(enough, cancellation);
      }
    });
  }

  @Test
  void aLongListingIsCutAndTellsTheSame() throws IOException {
    put("m/b/deep/er/", 4000);
    put("m/c/", 7000);
    put("m/d/", 1500);
    put("other/", 100);
    assertSameAsSerially("m/");
    assertSameAsSerially("");
  }

  @Test
  void keysBeforeBetweenAndBehindThePrefixesAreTold() throws IOException {
    put("m/!first", 10);
    put("m/b/", 6000);
    put("m/b-between", 10);
    put("m/b0", 10);
    put("m/c/", 6000);
    put("m/~last", 10);
    assertSameAsSerially("m/");
  }

  @Test
  void aPrefixThatIsAKeyTooIsToldAsBoth() throws IOException {
    put("m/a/", 6000);
    put("m/b/", 6000);
    fake.put("m/a", new byte[] {1});
    fake.put("m/b/", EMPTY);
    fake.put("m/", EMPTY);
    fake.put("m/ab", EMPTY);
    assertSameAsSerially("m/");
    assertTrue(list("m/").paths.containsAll(List.of("a", "b/", "a/000000")));
  }

  @Test
  void keysThatCanBeNoFilesAreTheSame() throws IOException {
    put("m/a/", 6000);
    put("m//x", 6000);
    put("m/../", 3);
    fake.put("m/full/", new byte[] {1});
    fake.put("m/" + "n".repeat(256) + "/x", EMPTY);
    fake.put("m/" + "n/".repeat(600) + "n", EMPTY);
    assertSameAsSerially("m/");
    assertEquals(6000 + 3 + 3, list("m/").skipped.size());
  }

  @Test
  void namesOfEveryKindAreTheSame() throws IOException {
    Random random = new Random(5);
    String letters = "aäb模\ud83d\ude00\ud83d\ude01-._%+ ";
    int[] points = letters.codePoints().toArray();
    for (int i = 0; i < 15_000; i++) {
      StringBuilder key = new StringBuilder("m/");
      int names = 1 + random.nextInt(3);
      for (int n = 0; n < names; n++) {
        key.append(n == 0 ? "" : "/").append("n");
        for (int c = random.nextInt(4); c >= 0; c--) {
          key.appendCodePoint(points[random.nextInt(points.length)]);
        }
      }
      fake.put(key + "/" + i, EMPTY);
    }
    AtomicInteger inParts = inParts();
    Told parallel = list("m/");
    assertTrue(inParts.get() > 0);
    Told serial = listSerially("m/");
    assertEquals(serial.paths.size(), parallel.paths.size());
    assertEquals(new TreeSet<>(serial.paths), new TreeSet<>(parallel.paths));
    assertEquals(List.of(), parallel.skipped);
  }

  @Test
  void aShortListingMakesNoOtherRequests() throws IOException {
    put("m/a/", 5000);
    put("m/b/", 5000);
    AtomicInteger inParts = inParts();
    assertEquals(10_000, list("m/").paths.size());
    assertEquals(10, fake.pages.get());
    assertEquals(0, inParts.get());
  }

  @Test
  void aHundredThousandObjectsTakeFewRequestsAndFewerAtATime() throws IOException {
    for (int layer = 0; layer < 100; layer++) {
      put("m/model/layer" + layer + "/", 1000);
    }
    waitFor(8);
    assertEquals(100_000, list("m/").paths.size());
    int pages = fake.pages.get();
    assertTrue(pages <= 240, pages + " pages for 100");
    int most = fake.mostListsAtATime.get();
    assertTrue(most >= 8 && most <= 16, most + " at a time");
  }

  @Test
  void manySmallDirectoriesAreListedTogether() throws IOException {
    for (int i = 0; i < 900; i++) {
      put("m/" + String.format("%03d", i) + "/", 50);
    }
    waitFor(8);
    assertEquals(45_000, list("m/").paths.size());
    int pages = fake.pages.get();
    assertTrue(pages <= 10 + 1 + 90 + 9, pages + " pages for 45");
  }

  @Test
  void oneLongDirectoryIsListedAsItIs() throws IOException {
    put("m/", 30_000);
    assertEquals(30_000, list("m/").paths.size());
    assertEquals(31, fake.pages.get());
  }

  @Test
  void aPartThatIsLongIsCutAgain() throws IOException {
    put("m/a/x/", 15_000);
    put("m/a/y/", 15_000);
    put("m/a/z/", 15_000);
    put("m/b/", 10);
    assertSameAsSerially("m/");
  }

  @Test
  void aStoreThatKnowsNoLevelsOrLeavesOutSomeIsListedSerially() throws IOException {
    put("m/a/", 8000);
    put("m/b/", 8000);
    Told whole = listSerially("m/");
    Told lying =
        list(
            "m/",
            1_000_000,
            Cancellation.none(),
            (store, prefix, depth, continuation, cancellation) -> {
              ObjectPage page = store.list(prefix, depth, continuation, cancellation);
              return depth == ListDepth.ALL
                  ? page
                  : new ObjectPage(page.objects(), List.of("m/b/"), 0, Optional.empty());
            });
    assertEquals(whole, lying);
    Told foreign =
        list(
            "m/",
            1_000_000,
            Cancellation.none(),
            (store, prefix, depth, continuation, cancellation) -> {
              ObjectPage page = store.list(prefix, depth, continuation, cancellation);
              return depth == ListDepth.ALL
                  ? page
                  : new ObjectPage(List.of(), List.of("m/a/", "m/b/", "n/"), 0, Optional.empty());
            });
    assertEquals(whole, foreign);
  }

  @Test
  void unreadableKeysAreCountedAllTheSame() throws IOException {
    put("m/a/", 8000);
    put("m/b/", 8000);
    ListingAsker asker =
        (store, prefix, depth, continuation, cancellation) -> {
          ObjectPage page = store.list(prefix, depth, continuation, cancellation);
          return new ObjectPage(page.objects(), page.prefixes(), 1, page.continuation());
        };
    Told told = list("m/", 1_000_000, Cancellation.none(), asker);
    assertEquals(16, told.skipped.size());
    assertEquals(16_000, told.paths.size());
  }

  @Test
  void oneFailedPageEndsAllOfIt() {
    put("m/a/", 8000);
    put("m/b/", 8000);
    put("m/c/", 8000);
    StoreDeniedException denied = new StoreDeniedException("403");
    AtomicInteger ofB = new AtomicInteger();
    fake.failsLists((page, prefix, depth, cancellation) -> {
      if (prefix.startsWith("m/b") && ofB.incrementAndGet() == 3) {
        throw denied;
      }
      if (prefix.startsWith("m/a") && ofB.get() > 0) {
        // the others are told to stop
        FakeStore.await(new CountDownLatch(1), cancellation);
      }
    });
    assertSame(denied, assertThrows(StoreDeniedException.class, () -> list("m/")));
  }

  @Test
  void theBoundHoldsOverAllParts() throws IOException {
    put("m/a/", 8000);
    put("m/b/", 8000);
    assertEquals(16_000, count(16_000));
    assertThrows(StoreProtocolException.class, () -> count(15_999));
  }

  private int count(long most) throws IOException {
    return list("m/", most, Cancellation.none(), ObjectStore::list).paths.size();
  }

  @Test
  void aListingThatIsCancelledEnds() {
    put("m/a/", 8000);
    put("m/b/", 8000);
    Cancellation cancellation = new Cancellation();
    fake.failsLists((page, prefix, depth, ofPart) -> {
      if (page == 13) {
        cancellation.cancel();
      }
      if (page >= 13) {
        FakeStore.await(new CountDownLatch(1), ofPart);
      }
    });
    assertThrows(
        CancelledReadException.class, () -> list("m/", 1_000_000, cancellation, ObjectStore::list));
    assertFalse(fake.pages.get() > 30, fake.pages.get() + " pages");
  }

  @Test
  void keysThatWouldFillTheMemoryAreRefused() {
    String directories = ("d".repeat(200) + "/").repeat(4);
    for (int i = 0; i < 1500; i++) {
      fake.put("m/" + directories + i, new byte[0]);
    }
    StoreProtocolException e =
        assertThrows(
            StoreProtocolException.class,
            () -> list("m/", 2000, Cancellation.none(), ObjectStore::list));
    assertTrue(String.valueOf(e.getMessage()).contains("characters"), e::getMessage);
  }

  /** What a store answers that is asked for all; it knows no levels. */
  private interface Pages {
    ObjectPage page(int number);
  }

  private final AtomicInteger asked = new AtomicInteger();

  private Told answered(long most, Pages pages) throws IOException {
    return list(
        "m/",
        most,
        Cancellation.none(),
        (store, prefix, depth, continuation, cancellation) -> {
          if (asked.get() == 100_000) {
            throw new IllegalStateException("asked without end");
          }
          return depth == ListDepth.ALL
              ? pages.page(asked.getAndIncrement())
              : new ObjectPage(List.of(), List.of(), 0, Optional.empty());
        });
  }

  private String refused(long most, Pages pages) {
    StoreProtocolException e =
        assertThrows(StoreProtocolException.class, () -> answered(most, pages));
    return String.valueOf(e.getMessage());
  }

  private static ObjectVersion version(String key) {
    return new ObjectVersion(key, 1, Optional.of("e"), 1000, false);
  }

  private static Optional<String> token(int number) {
    return Optional.of("t" + number);
  }

  @Test
  void pagesOfPrefixesThatNobodyAskedForAreEmptyOnes() {
    String why =
        refused(
            1000, number -> new ObjectPage(List.of(), List.of("m/" + number), 0, token(number)));
    assertTrue(why.contains("hold nothing"), why);
    assertEquals(1001, asked.get());
  }

  @Test
  void aStoreThatGivesAnObjectAtATimeIsNotAskedAMillionTimes() {
    String why =
        refused(
            1_000_000,
            number -> new ObjectPage(List.of(version("m/" + number)), List.of(), 0, token(number)));
    assertTrue(why.contains("pages"), why);
    // levels that were asked for count as well
    assertTrue(asked.get() > 14_000 && asked.get() <= 15_000, asked + " pages");
  }

  @Test
  void theNameOfTheNextPageIsBounded() throws IOException {
    Pages pages =
        number ->
            new ObjectPage(
                List.of(version("m/" + number)),
                List.of(),
                0,
                number < 3 ? Optional.of("t".repeat(4095) + number) : Optional.empty());
    assertEquals(4, answered(1000, pages).paths.size());
    String why =
        refused(
            1000,
            number ->
                new ObjectPage(
                    List.of(version("m/" + number)),
                    List.of(),
                    0,
                    Optional.of("t".repeat(4096) + number)));
    assertTrue(why.contains("4096"), why);
    assertEquals(5, asked.get());
  }

  @Test
  void aCircleThatBeginsLateIsFound() {
    String why =
        refused(
            1000,
            number ->
                new ObjectPage(
                    List.of(version("m/" + number)),
                    List.of(),
                    0,
                    token(number < 20 ? number : 20 + number % 7)));
    assertTrue(why.contains("circle"), why);
    assertTrue(asked.get() <= 2 * (32 + 7), asked + " pages");
  }

  @Test
  void textIsCountedAsItArrives() {
    String key = "m/" + ("d".repeat(99) + "/").repeat(9);
    String why =
        refused(
            4000,
            number ->
                new ObjectPage(
                    IntStream.range(0, 500).mapToObj(i -> version(key + number + "-" + i)).toList(),
                    List.of(),
                    0,
                    token(number)));
    assertTrue(why.contains("characters"), why);
    assertEquals(3, asked.get());
  }

  @Test
  void keysLongerThanAnyStoreHasAreLeftOutAndTakeNoMemory() throws IOException {
    Told told =
        answered(
            1000,
            number ->
                new ObjectPage(
                    List.of(
                        version("m/" + number),
                        version("m/" + number + "x".repeat(2_000_000)),
                        version("m/" + number + "y".repeat(1022))),
                    List.of(),
                    0,
                    number == 0 ? token(number) : Optional.empty()));
    assertEquals(List.of("0", "1"), told.paths);
    assertEquals(4, told.skipped.size());
    assertTrue(
        told.skipped.stream().allMatch(skipped -> skipped.startsWith("KEY_TOO_LONG")),
        told.skipped::toString);
  }

  @Test
  void anEntityTagWithoutEndIsRefused() {
    String why =
        refused(
            1000,
            number ->
                new ObjectPage(
                    List.of(new ObjectVersion("m/x", 1, Optional.of("e".repeat(1025)), 0, false)),
                    List.of(),
                    0,
                    Optional.empty()));
    assertTrue(why.contains("entity tag"), why);
  }
}
