package io.unsealfs.attest.tsm;

import java.time.Duration;

/** Waits between two tries; injected so that tests do not. */
@FunctionalInterface
public interface Pause {
  /** Waits this long. */
  void pause(Duration duration) throws InterruptedException;
}
