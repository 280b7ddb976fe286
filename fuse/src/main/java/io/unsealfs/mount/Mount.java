package io.unsealfs.mount;

import java.nio.file.Path;
import java.time.Duration;

/** A mounted tree. */
public interface Mount extends AutoCloseable {

  /** Where it is mounted. */
  Path mountPoint();

  /**
   * Waits until the mount is gone, whoever unmounted it.
   *
   * @return false if it is still there after {@code timeout}
   */
  boolean awaitEnd(Duration timeout) throws InterruptedException;

  /**
   * Unmounts: plain first, then lazily when it is still busy after {@code grace}; waits for the
   * FUSE loop to return. Idempotent, and safe to call from several threads.
   *
   * @throws MountException if the mount is still there afterwards
   */
  void unmount(Duration grace) throws MountException;

  /** Unmounts with a grace of ten seconds. */
  @Override
  default void close() throws MountException {
    unmount(Duration.ofSeconds(10));
  }
}
