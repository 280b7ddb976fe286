package io.unsealfs.storage.object;

import java.util.Optional;
import java.util.regex.Pattern;

/** How long a store wants not to be asked, in its several spellings. */
public final class RetryAfter {
  private static final long LONGEST_MILLIS = 600_000;
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  private RetryAfter() {}

  /**
   * Milliseconds, bounded to ten minutes; 0 if it does not say.
   *
   * @param retryAfter seconds, or a time of HTTP
   * @param nowMillis since 1970
   */
  public static long millis(Optional<String> retryAfter, long nowMillis) {
    String text = retryAfter.orElse("").trim();
    long millis =
        NUMBER.matcher(text).matches()
            ? Long.parseLong(text) * 1000
            : RangeAnswer.millis(retryAfter).map(at -> at - nowMillis).orElse(0L);
    return bounded(millis);
  }

  /** The value of x-oss-qos-delay-time: milliseconds that OSS held the answer back. */
  public static long qosDelayMillis(Optional<String> delay) {
    String text = delay.orElse("").trim();
    return NUMBER.matcher(text).matches() ? bounded(Long.parseLong(text)) : 0;
  }

  private static long bounded(long millis) {
    return Math.clamp(millis, 0, LONGEST_MILLIS);
  }
}
