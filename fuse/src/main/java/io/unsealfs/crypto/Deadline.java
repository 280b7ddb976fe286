package io.unsealfs.crypto;

import java.time.Duration;

/** A moment until which work on a stranger's demand may go on. Thread-safe. */
public final class Deadline {
  private final long startNanos = System.nanoTime();
  private final Duration allowed;

  private Deadline(Duration allowed) {
    this.allowed = allowed;
  }

  /** The moment {@code allowed} from now. */
  public static Deadline in(Duration allowed) {
    return new Deadline(allowed);
  }

  /** A moment that nobody lives to see. */
  public static Deadline never() {
    return new Deadline(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Does nothing until the moment has come.
   *
   * @throws KdfTimeoutException from then on
   */
  public void check() throws KdfTimeoutException {
    if (System.nanoTime() - startNanos >= allowed.toNanos()) {
      throw new KdfTimeoutException(
          "key derivation did not end within " + allowed.toSeconds() + " s, the time allowed");
    }
  }
}
