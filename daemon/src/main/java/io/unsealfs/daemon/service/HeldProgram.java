package io.unsealfs.daemon.service;

import java.time.Duration;

/**
 * Opens the program's own jars before an upgrade puts others in their place: what a daemon loads
 * later, as for the renewal of a lease, then still comes from the files it was started with.
 */
public final class HeldProgram {
  /** When a mount's first readers have got what they came for. */
  private static final Duration LATER = Duration.ofSeconds(5);

  /** In no jar, so that all of them are looked into. */
  private static final String NOWHERE = "META-INF/io.unsealfs.nowhere";

  private HeldProgram() {}

  /** Does it some seconds from now, beside everything else. */
  public static void openLater() {
    Thread thread =
        new Thread(
            () -> {
              try {
                Thread.sleep(LATER);
              } catch (InterruptedException e) {
                return;
              }
              // the class loader opens one jar after the other to look for it, and keeps them open
              boolean _ = ClassLoader.getSystemResource(NOWHERE) == null;
            },
            "unsealfs-hold-program");
    thread.setDaemon(true);
    thread.start();
  }
}
