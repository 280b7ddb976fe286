package io.unsealfs.mount;

import io.unsealfs.mount.resident.ResidentFigures;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

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

  /** Figures of resident mode; empty where it is off. */
  default Optional<ResidentFigures> resident() {
    return Optional.empty();
  }

  /** Why resident mode is off though it was asked for; empty where it is on, or was not. */
  default Optional<String> residentOff() {
    return Optional.empty();
  }

  /** Memory is short: gives up what nobody uses. */
  default void memoryIsShort() {}

  /** Unmounts with a grace of ten seconds. */
  @Override
  default void close() throws MountException {
    unmount(Duration.ofSeconds(10));
  }
}
