package io.unsealfs.mount;

import java.io.IOException;

/**
 * What a transport tells the daemon, for logs and metrics. Implementations are quick and
 * thread-safe.
 */
public interface FuseEvents {

  /**
   * A request failed because of the data behind it (damage, storage, a changed file), not because
   * of what was asked. Called for every such answer; the receiver limits the log.
   *
   * @param location ciphertext path of the node, see {@link io.unsealfs.storage.Node#location()}
   * @param plaintextPath path below the mount point as text for people, see {@code log_names}
   */
  void failed(String operation, String location, String plaintextPath, IOException cause);

  /** A callback threw what none should; the kernel was answered EIO. */
  void unexpected(String operation, Throwable cause);

  /** What the kernel and the transport agreed on, one line for the log. */
  default void agreed(String facts) {}

  /** Whether {@link #answered} is to be told how long answers took, which costs two clock reads. */
  default boolean wantsTimes() {
    return false;
  }

  /**
   * A request was answered. Called for every one, so an implementation counts and does no more.
   *
   * @param result what the kernel got: 0 or a count of bytes, or a negative errno; {@link
   *     Integer#MIN_VALUE} where somebody else answers later
   * @param nanos how long it took; 0 unless {@link #wantsTimes}
   */
  default void answered(Operation operation, int result, long nanos) {}

  /** Ignores everything. */
  FuseEvents NONE =
      new FuseEvents() {
        @Override
        public void failed(
            String operation, String location, String plaintextPath, IOException cause) {}

        @Override
        public void unexpected(String operation, Throwable cause) {}
      };
}
