package io.unsealfs.key.cdh;

import java.time.Duration;

/**
 * How long a fetch may take.
 *
 * @param call one question and its answer; the hub gives its own inner calls 50 s
 * @param overall everything, tries and pauses included
 * @param firstPause the first pause; doubles with every try
 * @param longestPause where doubling ends
 */
public record CdhTimeouts(
    Duration call, Duration overall, Duration firstPause, Duration longestPause) {
  /** 60 s a call, 90 s in all, pauses of 100 ms doubling to 2 s. */
  public static final CdhTimeouts DEFAULT =
      new CdhTimeouts(
          Duration.ofSeconds(60),
          Duration.ofSeconds(90),
          Duration.ofMillis(100),
          Duration.ofSeconds(2));
}
