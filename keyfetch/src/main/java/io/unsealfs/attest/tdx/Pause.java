package io.unsealfs.attest.tdx;

import java.time.Duration;

/** Waits between two tries; injected so that tests do not. */
@FunctionalInterface
interface Pause {
  void pause(Duration duration) throws InterruptedException;
}
