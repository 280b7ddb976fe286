package io.unsealfs.daemon;

import io.unsealfs.keyserver.LeaseConfig;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tries again what failed since a key service or the storage could not be reached, as at a boot
 * where this machine is up first. Whatever else fails fails at once: who said no is not asked
 * again.
 */
final class Retries {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  /** What is tried. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  private final Duration most;
  private final Duration firstPause;
  private final Consumer<String> waiting;

  /**
   * Retries for as long as this.
   *
   * @param most since the first attempt; zero for a single attempt
   * @param waiting hears what is waited for, without names
   */
  Retries(Duration most, Consumer<String> waiting) {
    this(most, FIRST_PAUSE, waiting);
  }

  Retries(Duration most, Duration firstPause, Consumer<String> waiting) {
    this.most = most;
    this.firstPause = firstPause;
    this.waiting = waiting;
  }

  /**
   * The duration of {@code --retry-for}.
   *
   * @throws UsageException if it is none
   */
  static Duration duration(@Nullable String text) throws UsageException {
    if (text == null || text.equals("0")) {
      return Duration.ZERO;
    }
    Optional<Duration> duration = LeaseConfig.duration(text);
    if (duration.isEmpty()) {
      throw new UsageException("--retry-for: " + LeaseConfig.DURATION_FORM + ", or 0");
    }
    return duration.get();
  }

  /**
   * Runs {@code attempt} until it succeeds, fails for good, or the time is over.
   *
   * @param stopped whether nobody wants the result any more
   */
  <T> T until(Attempt<T> attempt, BooleanSupplier stopped) throws IOException {
    long end = System.nanoTime() + most.toNanos();
    Duration pause = firstPause;
    String lastReason = "";
    while (true) {
      try {
        return attempt.run();
      } catch (IOException e) {
        ExitCode code = ExitCode.of(e);
        boolean mayHelp = code == ExitCode.KEY_UNAVAILABLE || code == ExitCode.STORAGE_FAILED;
        long left = end - System.nanoTime();
        if (!mayHelp || left <= 0 || stopped.getAsBoolean()) {
          throw e;
        }
        waiting.accept(
            code == ExitCode.KEY_UNAVAILABLE
                ? "the key service cannot be reached"
                : "the storage cannot be reached");
        String reason = String.valueOf(e.getMessage());
        LOG.log(
            reason.equals(lastReason) ? Level.DEBUG : Level.WARNING,
            "{0}; tried again for {1} s",
            reason,
            Long.toString(Duration.ofNanos(left).toSeconds()));
        lastReason = reason;
        sleep(pause.toNanos() < left ? pause : Duration.ofNanos(left), e);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
      }
    }
  }

  private static void sleep(Duration pause, IOException reason) throws IOException {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw reason;
    }
  }
}
