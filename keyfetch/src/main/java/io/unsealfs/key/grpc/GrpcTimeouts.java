package io.unsealfs.key.grpc;

import java.time.Duration;

/**
 * How long a fetch may take.
 *
 * @param call one call
 * @param overall everything, tries and pauses included; making evidence counts too
 * @param firstPause upper bound of the first pause; doubles with every try
 * @param longestPause where doubling ends
 * @param tries how often each server is asked at most
 */
public record GrpcTimeouts(
    Duration call, Duration overall, Duration firstPause, Duration longestPause, int tries) {
  /** 10 s a call, 60 s in all, pauses up to 250 ms doubling to 8 s, at most 10 tries. */
  public static final GrpcTimeouts DEFAULT =
      new GrpcTimeouts(
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMillis(250),
          Duration.ofSeconds(8),
          10);
}
