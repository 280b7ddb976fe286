package io.unsealfs.keyserver;

import java.time.Instant;
import java.util.Optional;

/**
 * Counts what a key server does, for whoever publishes it. Called from many threads while callers
 * wait, so it must be quick and must not throw. What it is told is bounded: no names, no addresses.
 */
public interface KeyServerMonitor {
  /** Counts nothing. */
  KeyServerMonitor NONE = new KeyServerMonitor() {};

  /** What can be asked at any time. */
  interface Gauges {
    /** Connections that are open. */
    int connections();

    /** When the first piece of collateral ends; empty if there is none. */
    Optional<Instant> collateralExpires();

    /** Lines of the audit log's chain. */
    long auditLines();
  }

  /** The server begins to run. */
  default void watch(Gauges gauges) {}

  /** A challenge was given. */
  default void challenged() {}

  /** A secret was released. */
  default void released() {}

  /**
   * A request for a secret was not granted, or a challenge not given because the store is away.
   *
   * @param reason the word of the audit log
   */
  default void denied(String reason) {}

  /**
   * Evidence was judged.
   *
   * @param tee kind of evidence, {@code other} for those nobody knows
   * @param genuine whether it was found to be so; the secret's rules come after that
   * @param nanos how long it took
   */
  default void appraised(String tee, boolean genuine, long nanos) {}

  /**
   * A call was turned away for being too fast.
   *
   * @param call {@code challenge} or {@code secret}
   */
  default void rateLimited(String call) {}

  /** A connection was closed because there were too many. */
  default void connectionRefused() {}

  /**
   * Everything that was counted, in the text format of Prometheus; empty if it is not published.
   */
  default Optional<String> scrape() {
    return Optional.empty();
  }
}
