package io.unsealfs.daemon.service;

import java.time.Duration;

/**
 * Has the service manager wait longer while something takes its time that has a limit of its own:
 * evidence, a key service, a key derivation.
 */
public final class LongStart implements AutoCloseable {
  /** How often it asks. */
  private static final Duration PAUSE = Duration.ofSeconds(10);

  /** For how long each time; several pauses, so that one may come late. */
  static final Duration EXTENSION = Duration.ofSeconds(40);

  private final Thread thread;

  private LongStart(ServiceManager manager, Duration pause) {
    this.thread = new Thread(() -> run(manager, pause), "unsealfs-long-start");
    thread.setDaemon(true);
  }

  /** Begins to ask, at once and then every ten seconds. */
  public static LongStart begin(ServiceManager manager) {
    return begin(manager, PAUSE);
  }

  static LongStart begin(ServiceManager manager, Duration pause) {
    LongStart start = new LongStart(manager, pause);
    if (manager.isPresent()) {
      start.thread.start();
    }
    return start;
  }

  private static void run(ServiceManager manager, Duration pause) {
    try {
      while (true) {
        manager.extend(EXTENSION);
        Thread.sleep(pause);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  /** Asks no more: it has started. Idempotent. */
  public void over() {
    thread.interrupt();
  }

  @Override
  public void close() {
    over();
  }
}
