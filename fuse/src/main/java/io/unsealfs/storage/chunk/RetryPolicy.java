package io.unsealfs.storage.chunk;

import io.unsealfs.storage.object.TransientStoreException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * How often and after which pauses a request is repeated: full jitter under a ceiling that doubles,
 * and no less than the store asks for.
 *
 * @param tries requests in all for the same bytes; one that brought some does not count
 * @param firstPause ceiling of the first pause
 * @param longestPause ceiling of all pauses of our own
 * @param deadline no request begins so long after the first one
 * @param failureKept how long the failure of the last try answers for those who ask next
 */
public record RetryPolicy(
    int tries,
    Duration firstPause,
    Duration longestPause,
    Duration deadline,
    Duration failureKept) {
  /** Five tries, 100 ms to 5 s, within a minute; their failure answers for a second. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(5, Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofSeconds(60));

  /** Checks the number of tries. */
  public RetryPolicy {
    if (tries < 1) {
      throw new IllegalArgumentException("at least one try is needed");
    }
  }

  /** A failure answers for a second. */
  public RetryPolicy(int tries, Duration firstPause, Duration longestPause, Duration deadline) {
    this(tries, firstPause, longestPause, deadline, Duration.ofSeconds(1));
  }

  /** The same with another deadline. */
  public RetryPolicy within(Duration time) {
    return new RetryPolicy(tries, firstPause, longestPause, time, failureKept);
  }

  /** The same with another time for which a failure answers. */
  RetryPolicy keepingFailures(Duration time) {
    return new RetryPolicy(tries, firstPause, longestPause, deadline, time);
  }

  /**
   * Milliseconds to wait.
   *
   * @param failed tries that failed so far, at least 1
   * @param askedMillis what the store asked for, 0 if nothing
   */
  long pauseMillis(int failed, long askedMillis, RandomGenerator random) {
    long ceiling =
        Math.min(longestPause.toMillis(), firstPause.toMillis() << Math.min(failed - 1, 20));
    return Math.max(askedMillis, random.nextLong(ceiling + 1));
  }

  /** A call of a store. */
  @FunctionalInterface
  public interface Call<T> {
    /** One try. */
    T once() throws IOException;
  }

  /**
   * Makes a call in this thread until it succeeds or fails for good.
   *
   * @throws IOException why the last try failed
   */
  public <T> T repeat(Call<T> call) throws IOException {
    long began = System.nanoTime();
    SplittableRandom random = new SplittableRandom();
    for (int failed = 1; ; failed++) {
      try {
        return call.once();
      } catch (TransientStoreException e) {
        long pause = pauseMillis(failed, e.retryAfterMillis(), random);
        boolean inTime =
            System.nanoTime() - began + Duration.ofMillis(pause).toNanos() < deadline.toNanos();
        if (failed >= tries || !inTime) {
          throw e;
        }
        pause(pause);
      }
    }
  }

  private static void pause(long millis) throws InterruptedIOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException("interrupted while waiting for the store");
      interrupted.initCause(e);
      throw interrupted;
    }
  }
}
