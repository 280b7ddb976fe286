package io.unsealfs.keyserver.store;

import java.io.IOException;

/** A store holds something it must not hold, is of another version, or refuses what was asked. */
public class StoreException extends IOException {
  private static final long serialVersionUID = 1L;

  /** A failure with one line that says what, on what, why and what to do. */
  public StoreException(String message) {
    super(message);
  }

  /** The same, with its cause. */
  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
