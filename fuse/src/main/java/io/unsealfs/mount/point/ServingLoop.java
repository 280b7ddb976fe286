package io.unsealfs.mount.point;

import java.time.Duration;

/** What answers the kernel's requests until the mount is gone. */
public interface ServingLoop {

  /** Whether it has ended and everything it held is given back. */
  boolean hasEnded();

  /**
   * Waits for that.
   *
   * @return false if it still runs after {@code timeout}
   */
  boolean awaitEnd(Duration timeout) throws InterruptedException;
}
