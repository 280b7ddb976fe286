package io.unsealfs.storage.chunk;

import java.time.Duration;

/**
 * For tests that count requests: the settings of a machine with enough memory, but a request is not
 * made a second time where the first is slow, which on a busy machine each of them may be.
 */
public final class Undoubled {
  public static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31)
          .withRetries(RetryPolicy.DEFAULT, Duration.ofHours(1));

  private Undoubled() {}
}
