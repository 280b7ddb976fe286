package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreUnavailableException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The credentials in use. They are fetched again at two thirds of their life, or five minutes
 * before their end if that is sooner, by one thread at a time; everybody else goes on with the old
 * ones until the new ones have arrived. Thread-safe.
 */
public final class CredentialCache implements Closeable {
  private static final Duration AHEAD = Duration.ofMinutes(5);
  private static final Duration RETRY_FIRST = Duration.ofSeconds(1);
  private static final Duration RETRY_LONGEST = Duration.ofMinutes(1);

  /** The same while there are none to go on with: whoever reads waits for them. */
  private static final Duration RETRY_LONGEST_WITHOUT = Duration.ofSeconds(10);

  /** How long credentials are used that had ended when they came. */
  private static final Duration ENDED_USE = Duration.ofMinutes(1);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration FORCED_WINDOW = Duration.ofMinutes(1);
  private static final int FORCED_MAX = 10;

  private final CredentialFetcher fetcher;
  private final Clock clock;
  private final CredentialListener listener;
  private final Executor aside;

  /**
   * What there is; replaced as a whole.
   *
   * @param end from when on they are not used any more
   */
  private record Held(StoreCredentials credentials, Instant end, Instant refreshAt) {}

  /** Why there are none, which answers for those who ask before {@code until}. */
  private record Failed(IOException why, Instant since, Instant until) {
    /** A clock that was set back since then proves nothing. */
    boolean answersAt(Instant now) {
      return !now.isBefore(since) && now.isBefore(until);
    }
  }

  private volatile @Nullable Held held;
  private volatile @Nullable Failed failed;
  private volatile Instant lookAgain = Instant.MIN;
  private @Nullable CompletableFuture<StoreCredentials> underWay;
  private Duration retryDelay = RETRY_FIRST;
  private Instant forcedWindowEnd = Instant.MIN;
  private int forced;

  /** Fetches nothing yet. */
  public CredentialCache(CredentialFetcher fetcher, Clock clock, CredentialListener listener) {
    this(
        fetcher,
        clock,
        listener,
        fetch -> Thread.ofPlatform().daemon().name("unsealfs-credentials").start(fetch));
  }

  /**
   * The same.
   *
   * @param aside runs fetches that nobody waits for
   */
  CredentialCache(
      CredentialFetcher fetcher, Clock clock, CredentialListener listener, Executor aside) {
    this.fetcher = fetcher;
    this.clock = clock;
    this.listener = listener;
    this.aside = aside;
  }

  /**
   * Credentials that are fine as far as known; waits only if there are none, or they have ended.
   * Where they could not be had a moment ago, that is the answer: whoever gives them is not asked
   * for every request of a store.
   */
  public StoreCredentials current() throws IOException {
    Held now = held;
    Instant instant = clock.instant();
    if (now == null || !instant.isBefore(now.end)) {
      Failed before = failed;
      if (before != null && before.answersAt(instant) && !changed(instant)) {
        throw told(before.why, Duration.between(instant, before.until));
      }
      return await(start(false, now, before));
    }
    if (!instant.isBefore(now.refreshAt) || changed(instant)) {
      CompletableFuture<StoreCredentials> _ = start(true, now, failed);
    }
    return now.credentials;
  }

  private boolean changed(Instant now) {
    if (now.isBefore(lookAgain)) {
      return false;
    }
    lookAgain = now.plus(LOOK_EVERY);
    return fetcher.changed();
  }

  /**
   * Replaces credentials that a store refused.
   *
   * @param refused those it refused
   * @return whether there are others now
   */
  public boolean refresh(StoreCredentials refused) {
    if (refused.isAnonymous()) {
      return false;
    }
    try {
      while (true) {
        Fetching fetching = force(refused);
        if (fetching == null) {
          return false;
        }
        if (!await(fetching.result).same(refused)) {
          return true;
        }
        if (fetching.own) {
          return false;
        }
        // that one was under way before, and may have been too early to see the new ones
      }
    } catch (IOException e) {
      // told to the listener; what the caller has to say is that the store refused them
      return false;
    }
  }

  /**
   * A fetch on behalf of refused credentials.
   *
   * @param own whether it began for this caller, and not before
   */
  private record Fetching(CompletableFuture<StoreCredentials> result, boolean own) {}

  /**
   * Others than {@code refused} where there are some by now; or else the fetch under way, or a new
   * one as far as those are allowed; null if they are not.
   */
  private @Nullable Fetching force(StoreCredentials refused) {
    CompletableFuture<StoreCredentials> mine;
    synchronized (this) {
      // looked at under the lock: or else a fetch could end in between, and a second one begin
      Held now = held;
      if (now != null && !now.credentials.same(refused)) {
        return new Fetching(CompletableFuture.completedFuture(now.credentials), false);
      }
      if (underWay != null) {
        return new Fetching(underWay, false);
      }
      // only who begins one counts: many requests are refused at once when a token ends
      if (!mayForce()) {
        return null;
      }
      mine = new CompletableFuture<>();
      underWay = mine;
    }
    fetch(mine);
    return new Fetching(mine, true);
  }

  /**
   * A store that refuses everything must not make us a burden to whoever gives credentials. Guarded
   * by this.
   */
  private boolean mayForce() {
    Instant now = clock.instant();
    if (!now.isBefore(forcedWindowEnd)) {
      forcedWindowEnd = now.plus(FORCED_WINDOW);
      forced = 0;
    }
    forced++;
    return forced <= FORCED_MAX;
  }

  /** When the credentials in use end; empty if they do not, or there are none yet. */
  public Optional<Instant> expires() {
    Held now = held;
    return now == null ? Optional.empty() : now.credentials.expires();
  }

  /**
   * The fetch under way, or the end of one that ended since the caller looked; begins one if there
   * is none, on this thread unless {@code unawaited}.
   *
   * @param seen what was held when the caller looked
   * @param failure why there was none then
   */
  private CompletableFuture<StoreCredentials> start(
      boolean unawaited, @Nullable Held seen, @Nullable Failed failure) {
    CompletableFuture<StoreCredentials> mine;
    synchronized (this) {
      if (underWay != null) {
        return underWay;
      }
      Instant instant = clock.instant();
      Held now = held;
      if (now != null && !now.equals(seen) && instant.isBefore(now.end)) {
        return CompletableFuture.completedFuture(now.credentials);
      }
      Failed since = failed;
      if (since != null && !since.equals(failure) && since.answersAt(instant)) {
        return CompletableFuture.failedFuture(since.why);
      }
      mine = new CompletableFuture<>();
      underWay = mine;
    }
    if (!unawaited) {
      fetch(mine);
      return mine;
    }
    try {
      aside.execute(() -> fetch(mine));
    } catch (Throwable e) {
      // no thread to be had: like any other failure, or everybody would wait for this one for ever
      fail(mine, e);
    }
    return mine;
  }

  private void fetch(CompletableFuture<StoreCredentials> mine) {
    StoreCredentials fetched;
    try {
      fetched = fetcher.fetch();
      keep(fetched);
    } catch (Throwable e) {
      // an error too: nobody else ends what others wait for
      fail(mine, e);
      return;
    }
    mine.complete(fetched);
    listener.fetched(fetched.expires());
  }

  private synchronized void keep(StoreCredentials fetched) {
    Instant now = clock.instant();
    Instant told = fetched.expires().orElse(Instant.MAX);
    // nobody gives credentials that have ended: our clock is wrong, and the store will judge
    Instant end = now.isBefore(told) ? told : now.plus(ENDED_USE);
    held = new Held(fetched, end, refreshAt(now, end));
    failed = null;
    retryDelay = RETRY_FIRST;
    underWay = null;
  }

  private void fail(CompletableFuture<StoreCredentials> mine, Throwable cause) {
    IOException failure =
        cause instanceof IOException io
            ? io
            : new StoreUnavailableException(
                "credentials could not be fetched: " + cause.getClass().getSimpleName(), 0);
    synchronized (this) {
      Instant now = clock.instant();
      Held old = held;
      if (old != null) {
        held = new Held(old.credentials, old.end, now.plus(retryDelay));
      }
      failed =
          failure instanceof InterruptedIOException
              ? null // whoever asked gave up; it says nothing about the next one
              : new Failed(failure, now, now.plus(shorter(retryDelay, RETRY_LONGEST_WITHOUT)));
      retryDelay = shorter(retryDelay.multipliedBy(2), RETRY_LONGEST);
      underWay = null;
    }
    mine.completeExceptionally(failure);
    listener.failed(failure);
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Instant refreshAt(Instant now, Instant end) {
    if (end.equals(Instant.MAX)) {
      return end;
    }
    Duration life = Duration.between(now, end);
    Duration wait = life.multipliedBy(2).dividedBy(3);
    Duration early = life.minus(AHEAD);
    // of a short life two thirds, of a long one all but five minutes at most
    return now.plus(early.isPositive() ? shorter(early, wait) : wait);
  }

  private StoreCredentials await(CompletableFuture<StoreCredentials> fetch) throws IOException {
    try {
      return fetch.join();
    } catch (CompletionException e) {
      Failed now = failed;
      throw told(
          e.getCause() == null ? e : e.getCause(),
          now == null ? Duration.ZERO : Duration.between(now.since, now.until));
    }
  }

  /**
   * What a caller is told.
   *
   * @param again after which asking again is of use
   */
  private static IOException told(Throwable why, Duration again) {
    String message = String.valueOf(why.getMessage());
    if (why instanceof StoreDeniedException) {
      return new StoreDeniedException(message, why);
    }
    StoreUnavailableException unavailable =
        new StoreUnavailableException(message, again.toMillis());
    unavailable.initCause(why);
    return unavailable;
  }

  @Override
  public void close() {
    fetcher.close();
  }
}
