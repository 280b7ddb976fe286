package io.unsealfs.storage.object.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CredentialCacheTest {
  private static final Duration LIFE = Duration.ofHours(1);

  private final SetClock clock = new SetClock();
  private final AtomicInteger fetches = new AtomicInteger();
  private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
  private final Semaphore allowed = new Semaphore(1000);
  private final Semaphore fetched = new Semaphore(0);
  private final Semaphore failed = new Semaphore(0);
  private final CredentialCache cache =
      new CredentialCache(
          this::fetch,
          clock,
          new CredentialListener() {
            @Override
            public void fetched(Optional<Instant> expires) {
              fetched.release();
            }

            @Override
            public void failed(IOException why) {
              failed.release();
            }
          });

  private static final class SetClock extends Clock {
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    void pass(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private StoreCredentials fetch() throws IOException {
    allowed.acquireUninterruptibly();
    IOException problem = failure.get();
    if (problem != null) {
      throw problem;
    }
    return StoreCredentials.of(
        "id" + fetches.incrementAndGet(),
        "secret",
        Optional.empty(),
        Optional.of(clock.instant().plus(LIFE)));
  }

  private static void await(Semaphore semaphore) throws InterruptedException {
    assertTrue(semaphore.tryAcquire(60, TimeUnit.SECONDS));
  }

  @Test
  void theyAreFetchedOnceAndKept() throws IOException {
    assertEquals("id1", cache.current().accessKeyId());
    clock.pass(Duration.ofMinutes(39));
    assertEquals("id1", cache.current().accessKeyId());
    assertEquals(1, fetches.get());
    assertEquals(Optional.of(Instant.parse("2026-01-01T01:00:00Z")), cache.expires());
  }

  @Test
  void atTwoThirdsOfTheirLifeNewOnesAreFetchedAsideWhileTheOldOnesAreInUse() throws Exception {
    assertEquals("id1", cache.current().accessKeyId());
    await(fetched);
    allowed.drainPermits();
    clock.pass(Duration.ofMinutes(41));
    for (int i = 0; i < 100; i++) {
      assertEquals("id1", cache.current().accessKeyId());
    }
    allowed.release(1000);
    await(fetched);
    assertEquals("id2", cache.current().accessKeyId());
    assertEquals(2, fetches.get());
  }

  @Test
  void underLoadOneFetchServesAll() throws Exception {
    allowed.drainPermits();
    CountDownLatch begun = new CountDownLatch(20);
    List<CompletableFuture<String>> readers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      readers.add(
          CompletableFuture.supplyAsync(
              () -> {
                begun.countDown();
                try {
                  return cache.current().accessKeyId();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              task -> Thread.ofVirtual().start(task)));
    }
    assertTrue(begun.await(60, TimeUnit.SECONDS));
    allowed.release(1000);
    for (CompletableFuture<String> reader : readers) {
      assertEquals("id1", reader.get(60, TimeUnit.SECONDS));
    }
    assertEquals(1, fetches.get());
  }

  @Test
  void aRefusalFetchesOnceHoweverManyWereRefused() throws IOException {
    StoreCredentials refused = cache.current();
    assertTrue(cache.refresh(refused));
    assertTrue(cache.refresh(refused));
    assertEquals(2, fetches.get());
    assertEquals("id2", cache.current().accessKeyId());
  }

  @Test
  void manyRequestsRefusedAtOnceCountAsOne() throws Exception {
    for (int token = 1; token <= 4; token++) {
      StoreCredentials refused = cache.current();
      allowed.drainPermits();
      CountDownLatch begun = new CountDownLatch(20);
      List<CompletableFuture<Boolean>> requests = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        requests.add(
            CompletableFuture.supplyAsync(
                () -> {
                  begun.countDown();
                  return cache.refresh(refused);
                },
                task -> Thread.ofVirtual().start(task)));
      }
      assertTrue(begun.await(60, TimeUnit.SECONDS));
      allowed.release(1000);
      for (CompletableFuture<Boolean> request : requests) {
        assertTrue(request.get(60, TimeUnit.SECONDS));
      }
      assertEquals(1 + token, fetches.get());
    }
  }

  @Test
  void aFetchThatBeganBeforeTheNewOnesWereThereIsFollowedByAnother() throws Exception {
    AtomicReference<String> token = new AtomicReference<>("old");
    Semaphore reading = new Semaphore(0);
    Semaphore answers = new Semaphore(1);
    try (CredentialCache late =
        new CredentialCache(
            () -> {
              String seen = String.valueOf(token.get());
              reading.release();
              answers.acquireUninterruptibly();
              return StoreCredentials.of(
                  seen, "secret", Optional.empty(), Optional.of(clock.instant().plus(LIFE)));
            },
            clock,
            CredentialListener.none())) {
      StoreCredentials refused = late.current();
      await(reading);
      clock.pass(Duration.ofMinutes(41));
      assertEquals("old", late.current().accessKeyId());
      await(reading);
      token.set("new");
      CompletableFuture<Boolean> request =
          CompletableFuture.supplyAsync(
              () -> late.refresh(refused), task -> Thread.ofVirtual().start(task));
      answers.release(1000);
      assertTrue(request.get(60, TimeUnit.SECONDS));
      assertEquals("new", late.current().accessKeyId());
    }
  }

  @Test
  void aStoreThatRefusesEverythingCausesTenFetchesAMinute() throws IOException {
    for (int i = 0; i < 50; i++) {
      boolean _ = cache.refresh(cache.current());
    }
    assertEquals(1 + 10, fetches.get());
    clock.pass(Duration.ofMinutes(1));
    assertTrue(cache.refresh(cache.current()));
  }

  @Test
  void credentialsThatCannotChangeDoNotHelp() throws IOException {
    CredentialCache fixed =
        new CredentialCache(
            () -> StoreCredentials.of("id", "secret", Optional.empty(), Optional.empty()),
            clock,
            CredentialListener.none());
    assertFalse(fixed.refresh(fixed.current()));
    assertFalse(fixed.refresh(StoreCredentials.anonymous()));
  }

  @Test
  void aFailedRefreshKeepsTheOldOnesAndIsTriedAgainLater() throws Exception {
    assertEquals("id1", cache.current().accessKeyId());
    failure.set(new StoreUnavailableException("away", 0));
    clock.pass(Duration.ofMinutes(41));
    assertEquals("id1", cache.current().accessKeyId());
    await(failed);
    assertEquals("id1", cache.current().accessKeyId());
    assertEquals(0, failed.availablePermits());
    failure.set(null);
    await(fetched);
    clock.pass(Duration.ofSeconds(2));
    assertEquals("id1", cache.current().accessKeyId());
    await(fetched);
    assertEquals("id2", cache.current().accessKeyId());
  }

  @Test
  void endedOnesAreNotUsed() throws IOException {
    assertEquals("id1", cache.current().accessKeyId());
    clock.pass(Duration.ofMinutes(61));
    assertEquals("id2", cache.current().accessKeyId());
    failure.set(new StoreDeniedException("no more"));
    clock.pass(Duration.ofMinutes(61));
    assertThrows(StoreDeniedException.class, cache::current);
  }

  @Test
  void aSourceThatBreaksIsUnavailableAndNoMore() {
    CredentialCache broken =
        new CredentialCache(
            () -> {
              throw new IllegalStateException("s3cr3t");
            },
            clock,
            CredentialListener.none());
    StoreUnavailableException e = assertThrows(StoreUnavailableException.class, broken::current);
    assertFalse(String.valueOf(e.getMessage()).contains("s3cr3t"));
  }

  @Test
  void newsOfTheSourceAreFetched() throws Exception {
    GivenCredentials given = new GivenCredentials();
    given.give(StoreCredentials.of("a", "s", Optional.empty(), Optional.empty()));
    Semaphore news = new Semaphore(0);
    CredentialCache of =
        new CredentialCache(
            given,
            clock,
            new CredentialListener() {
              @Override
              public void fetched(Optional<Instant> expires) {
                news.release();
              }

              @Override
              public void failed(IOException why) {}
            });
    assertEquals("a", of.current().accessKeyId());
    await(news);
    given.give(StoreCredentials.of("b", "s", Optional.empty(), Optional.empty()));
    clock.pass(Duration.ofSeconds(2));
    of.current();
    await(news);
    assertEquals("b", of.current().accessKeyId());
  }

  @Test
  void onesThatHadEndedWhenTheyCameAreUsedForAMinute() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    CredentialCache ofAWrongClock =
        new CredentialCache(
            () ->
                StoreCredentials.of(
                    "id" + asked.incrementAndGet(),
                    "secret",
                    Optional.empty(),
                    Optional.of(clock.instant().minus(LIFE))),
            clock,
            CredentialListener.none());
    for (int i = 0; i < 10; i++) {
      assertEquals("id1", ofAWrongClock.current().accessKeyId());
    }
    assertEquals(1, asked.get());
    clock.pass(Duration.ofMinutes(1));
    assertEquals("id2", ofAWrongClock.current().accessKeyId());
  }

  @Test
  void aFailureAnswersUntilTheNextTryIsDue() throws Exception {
    failure.set(new StoreUnavailableException("away", 0));
    for (int i = 0; i < 20; i++) {
      StoreUnavailableException e = assertThrows(StoreUnavailableException.class, cache::current);
      assertEquals(1000, e.retryAfterMillis());
    }
    assertEquals(1, failed.availablePermits());
    clock.pass(Duration.ofSeconds(1));
    for (int i = 0; i < 20; i++) {
      assertThrows(StoreUnavailableException.class, cache::current);
    }
    assertEquals(2, failed.availablePermits());
    failure.set(null);
    clock.pass(Duration.ofSeconds(2));
    assertEquals("id1", cache.current().accessKeyId());
  }

  @Test
  void afterTheirEndAFailureAnswersTooAndARefusalStaysOne() throws Exception {
    assertEquals("id1", cache.current().accessKeyId());
    clock.pass(LIFE);
    failure.set(new StoreDeniedException("no more"));
    for (int i = 0; i < 20; i++) {
      StoreDeniedException e = assertThrows(StoreDeniedException.class, cache::current);
      assertEquals("no more", e.getMessage());
    }
    assertEquals(1, failed.availablePermits());
  }

  @Test
  void howeverOftenItFailedTenSecondsLaterItIsTriedAgain() {
    failure.set(new StoreUnavailableException("away", 0));
    for (int i = 1; i <= 12; i++) {
      assertThrows(StoreUnavailableException.class, cache::current);
      assertEquals(i, failed.availablePermits());
      clock.pass(Duration.ofSeconds(10));
    }
  }

  @Test
  void aFailureOfATimeThatIsStillToComeDoesNotAnswer() throws IOException {
    failure.set(new StoreUnavailableException("away", 0));
    assertThrows(StoreUnavailableException.class, cache::current);
    clock.pass(Duration.ofHours(-2));
    failure.set(null);
    assertEquals("id1", cache.current().accessKeyId());
  }

  @Test
  void oneWhoGivesUpDoesNotAnswerForOthers() throws IOException {
    failure.set(new CancelledReadException("gave up"));
    assertThrows(StoreUnavailableException.class, cache::current);
    failure.set(null);
    assertEquals("id1", cache.current().accessKeyId());
  }

  @Test
  void newsOfTheSourceEndAFailure() throws IOException {
    GivenCredentials given = new GivenCredentials();
    CredentialCache of = new CredentialCache(given, clock, CredentialListener.none());
    assertThrows(StoreDeniedException.class, of::current);
    given.give(StoreCredentials.of("a", "s", Optional.empty(), Optional.empty()));
    assertEquals("a", of.current().accessKeyId());
  }

  @Test
  void anErrorInTheSourceKeepsNobodyWaiting() throws Exception {
    AtomicReference<@Nullable Error> error = new AtomicReference<>();
    CredentialCache of =
        new CredentialCache(
            () -> {
              Error thrown = error.get();
              if (thrown != null) {
                throw thrown;
              }
              return fetch();
            },
            clock,
            new CredentialListener() {
              @Override
              public void fetched(Optional<Instant> expires) {}

              @Override
              public void failed(IOException why) {
                failed.release();
              }
            });
    error.set(new OutOfMemoryError("of a test"));
    assertThrows(StoreUnavailableException.class, of::current);
    await(failed);
    error.set(null);
    clock.pass(Duration.ofSeconds(2));
    assertEquals("id1", of.current().accessKeyId());
    error.set(new OutOfMemoryError("of a test"));
    clock.pass(Duration.ofMinutes(41));
    assertEquals("id1", of.current().accessKeyId());
    await(failed);
    error.set(null);
    clock.pass(LIFE);
    assertEquals("id2", of.current().accessKeyId());
  }

  @Test
  void aThreadThatCannotBeHadKeepsNobodyWaiting() throws IOException {
    CredentialCache of =
        new CredentialCache(
            this::fetch,
            clock,
            CredentialListener.none(),
            task -> {
              throw new OutOfMemoryError("unable to create native thread, in a test");
            });
    assertEquals("id1", of.current().accessKeyId());
    clock.pass(Duration.ofMinutes(41));
    assertEquals("id1", of.current().accessKeyId());
    clock.pass(LIFE);
    assertEquals("id2", of.current().accessKeyId());
  }

  /** Holds one thread up the first time that it asks for the time. */
  private final class Slow extends Clock {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicReference<@Nullable Thread> held = new AtomicReference<>();

    @Override
    public Instant instant() {
      if (held.compareAndSet(Thread.currentThread(), null)) {
        asked.countDown();
        try {
          assertTrue(goOn.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      return clock.instant();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /** One thread has looked, another one fetches from beginning to end, then the first goes on. */
  private CompletableFuture<String> overtaken(Slow slow, CredentialCache of) throws Exception {
    CompletableFuture<String> late =
        CompletableFuture.supplyAsync(
            () -> {
              slow.held.set(Thread.currentThread());
              try {
                return of.current().accessKeyId();
              } catch (IOException e) {
                return String.valueOf(e.getMessage());
              }
            },
            task -> Thread.ofVirtual().start(task));
    assertTrue(slow.asked.await(60, TimeUnit.SECONDS));
    return late;
  }

  @Test
  void whoLookedBeforeAFetchOfAnotherEndedFetchesNoMore() throws Exception {
    Slow slow = new Slow();
    CredentialCache of = new CredentialCache(this::fetch, slow, CredentialListener.none());
    CompletableFuture<String> late = overtaken(slow, of);
    assertEquals("id1", of.current().accessKeyId());
    slow.goOn.countDown();
    assertEquals("id1", late.get(60, TimeUnit.SECONDS));
    assertEquals(1, fetches.get());
  }

  @Test
  void aBadFileIsReadAgainAtEachTryAndNotEachSecond(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, "access_key_id=id\naccess_key_secret=se\n");
    AtomicInteger failures = new AtomicInteger();
    CredentialCache of =
        new CredentialCache(
            new FileCredentials(file),
            clock,
            new CredentialListener() {
              @Override
              public void fetched(Optional<Instant> expires) {}

              @Override
              public void failed(IOException why) {
                failures.incrementAndGet();
              }
            },
            Runnable::run);
    assertEquals("id", of.current().accessKeyId());
    Files.writeString(file, "nonsense");
    for (int second = 0; second < 120; second++) {
      clock.pass(Duration.ofSeconds(1));
      assertEquals("id", of.current().accessKeyId());
    }
    // after 0, 1, 3, 7, 15, 31 and 63 seconds
    assertTrue(failures.get() >= 5 && failures.get() <= 8, failures + " tries");
    Files.writeString(file, "access_key_id=mended\naccess_key_secret=se\n");
    clock.pass(Duration.ofSeconds(1));
    assertEquals("id", of.current().accessKeyId());
    assertEquals("mended", of.current().accessKeyId());
  }
}
