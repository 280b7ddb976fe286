package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreUnavailableException;
import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration FORCED_WINDOW = Duration.ofMinutes(1);
  private static final int FORCED_MAX = 10;

  private final CredentialFetcher fetcher;
  private final Clock clock;
  private final CredentialListener listener;

  /** What there is; replaced as a whole. */
  private record Held(StoreCredentials credentials, Instant refreshAt) {}

  private volatile @Nullable Held held;
  private volatile Instant lookAgain = Instant.MIN;
  private @Nullable CompletableFuture<StoreCredentials> underWay;
  private Duration retryDelay = RETRY_FIRST;
  private Instant forcedWindowEnd = Instant.MIN;
  private int forced;

  /** Fetches nothing yet. */
  public CredentialCache(CredentialFetcher fetcher, Clock clock, CredentialListener listener) {
    this.fetcher = fetcher;
    this.clock = clock;
    this.listener = listener;
  }

  /**
   * Credentials that are fine as far as known; waits only if there are none, or they have ended.
   */
  public StoreCredentials current() throws IOException {
    Held now = held;
    if (now == null) {
      return await(start(false));
    }
    Instant instant = clock.instant();
    if (now.credentials.expires().filter(end -> !instant.isBefore(end)).isPresent()) {
      return await(start(false));
    }
    if (!instant.isBefore(now.refreshAt) || changed(instant)) {
      CompletableFuture<StoreCredentials> _ = start(true);
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
    Held now = held;
    if (refused.isAnonymous()) {
      return false;
    }
    if (now != null && !now.credentials.same(refused)) {
      return true;
    }
    if (!mayForce()) {
      return false;
    }
    try {
      return !await(start(false)).same(refused);
    } catch (IOException e) {
      // told to the listener; what the caller has to say is that the store refused them
      return false;
    }
  }

  /** A store that refuses everything must not make us a burden to whoever gives credentials. */
  private synchronized boolean mayForce() {
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

  /** The fetch under way; begins one if there is none, on this thread unless {@code aside}. */
  private CompletableFuture<StoreCredentials> start(boolean aside) {
    CompletableFuture<StoreCredentials> mine;
    synchronized (this) {
      if (underWay != null) {
        return underWay;
      }
      mine = new CompletableFuture<>();
      underWay = mine;
    }
    if (aside) {
      Thread.ofPlatform().daemon().name("unsealfs-credentials").start(() -> fetch(mine));
    } else {
      fetch(mine);
    }
    return mine;
  }

  private void fetch(CompletableFuture<StoreCredentials> mine) {
    try {
      StoreCredentials fetched = fetcher.fetch();
      synchronized (this) {
        held = new Held(fetched, refreshAt(fetched));
        retryDelay = RETRY_FIRST;
        underWay = null;
      }
      mine.complete(fetched);
      listener.fetched(fetched.expires());
    } catch (IOException | RuntimeException e) {
      IOException failure =
          e instanceof IOException io
              ? io
              : new StoreUnavailableException(
                  "credentials could not be fetched: " + e.getClass().getSimpleName(), 0);
      synchronized (this) {
        Held old = held;
        if (old != null) {
          held = new Held(old.credentials, clock.instant().plus(retryDelay));
        }
        retryDelay =
            retryDelay.multipliedBy(2).compareTo(RETRY_LONGEST) > 0
                ? RETRY_LONGEST
                : retryDelay.multipliedBy(2);
        underWay = null;
      }
      mine.completeExceptionally(failure);
      listener.failed(failure);
    }
  }

  private Instant refreshAt(StoreCredentials fetched) {
    if (fetched.expires().isEmpty()) {
      return Instant.MAX;
    }
    Instant now = clock.instant();
    Duration life = Duration.between(now, fetched.expires().get());
    Duration wait = life.multipliedBy(2).dividedBy(3);
    Duration early = life.minus(AHEAD);
    // of a short life two thirds, of a long one all but five minutes at most
    return now.plus(early.isPositive() && early.compareTo(wait) < 0 ? early : wait);
  }

  private static StoreCredentials await(CompletableFuture<StoreCredentials> fetch)
      throws IOException {
    try {
      return fetch.join();
    } catch (CompletionException e) {
      String message = String.valueOf(e.getCause() == null ? e : e.getCause().getMessage());
      throw e.getCause() instanceof StoreDeniedException
          ? new StoreDeniedException(message, e)
          : new StoreUnavailableException(message, new IOException(e));
    }
  }

  @Override
  public void close() {
    fetcher.close();
  }
}
