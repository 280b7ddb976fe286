package io.unsealfs.mount;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Whether a mount still hands out plaintext. Stands in front of every open and every read; costs a
 * volatile read while it is open. Thread-safe.
 */
public final class Gate {
  private volatile @Nullable IOException noOpens;
  private volatile @Nullable IOException noReads;

  /** From now on every open fails with {@code why}; what is open stays readable. */
  public void refuseOpens(IOException why) {
    noOpens = why;
  }

  /** Takes {@link #refuseOpens} back; {@link #shut} stays. */
  public void admitOpens() {
    noOpens = noReads;
  }

  /** From now on every open and every read that begins fails with {@code why}, for good. */
  public void shut(IOException why) {
    noReads = why;
    noOpens = why;
  }

  /**
   * To be called before a file is opened.
   *
   * @throws IOException the reason, if none may be
   */
  public void open() throws IOException {
    IOException why = noOpens;
    if (why != null) {
      throw why;
    }
  }

  /**
   * To be called before anything is read.
   *
   * @throws IOException the reason, if nothing may be
   */
  public void read() throws IOException {
    IOException why = noReads;
    if (why != null) {
      throw why;
    }
  }
}
