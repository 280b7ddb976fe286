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
   * Whether within {@code timeout} a thread waits for the kernel's requests or takes one. Not asked
   * through the mount point, where a process that hangs could not even be killed. True also once
   * the mount is over, and for one that cannot tell.
   */
  default boolean isServing(Duration timeout) throws InterruptedException {
    return true;
  }

  /**
   * Unmounts: plain first, then lazily when it is still busy after {@code grace}; waits for the
   * FUSE loop to return. Idempotent, and safe to call from several threads.
   *
   * @throws MountException if the mount is still there afterwards
   */
  void unmount(Duration grace) throws MountException;

  /**
   * Unmounts if nobody uses it: no file is open or mapped, nobody's working directory is in it.
   *
   * @return false if it is in use, and goes on
   */
  boolean unmountUnused();

  /**
   * Files that are open. Where the kernel does not tell about opens, those that are kept open for
   * it, whether or not anybody still uses them.
   */
  int openFiles();

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

  /**
   * The tree shows other files than before: has the kernel forget the entries, attributes and
   * listings that are no longer so. What is open stays as it is.
   */
  default void treeChanged() {}

  /** Why {@link #treeChanged} has no effect, one line; empty where it has. */
  default Optional<String> notRefreshable() {
    return Optional.of(
        "only transport kernel can have the kernel forget what has changed; use transport=kernel");
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
