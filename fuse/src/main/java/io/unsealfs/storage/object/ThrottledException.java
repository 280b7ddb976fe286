package io.unsealfs.storage.object;

import java.io.IOException;

/** The store is asked for too much at a time (429, 503): ask for less. */
public final class ThrottledException extends TransientStoreException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public ThrottledException(String message, long retryAfterMillis) {
    super(message, retryAfterMillis);
  }

  /** An error with this message and its cause. */
  public ThrottledException(String message, IOException cause) {
    super(message, cause);
  }
}
