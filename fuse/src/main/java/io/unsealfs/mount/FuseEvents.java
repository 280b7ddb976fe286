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
