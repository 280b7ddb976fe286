package io.unsealfs.mount;

import io.unsealfs.mount.resident.ResidentFigures;
import java.io.IOException;
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

  /**
   * From now on opening a file fails with {@code why}; what is open stays readable. Only where the
   * mount was made {@link MountOptions#revocable}.
   */
  void refuseOpens(IOException why);

  /** Takes {@link #refuseOpens} back. */
  void admitOpens();

  /**
   * Ends the mount at once, whoever uses it: opens and reads fail with {@code why}, what the kernel
   * has cached of it is dropped, also under mappings, which fault from then on, the connection is
   * cut, and the mount is taken out of the tree.
   *
   * @throws MountException if something of it is still there afterwards
   */
  void revoke(IOException why) throws MountException;

  /** What {@link #revoke} cannot take back with this transport, one line; empty for nothing. */
  default Optional<String> notRevocable() {
    return Optional.empty();
  }

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
