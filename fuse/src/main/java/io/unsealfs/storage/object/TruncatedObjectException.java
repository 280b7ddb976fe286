package io.unsealfs.storage.object;

import java.io.IOException;

/** The answer ended before all its bytes were there. */
public final class TruncatedObjectException extends TransientStoreException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public TruncatedObjectException(String message, long retryAfterMillis) {
    super(message, retryAfterMillis);
  }

  /** An error with this message and its cause. */
  public TruncatedObjectException(String message, IOException cause) {
    super(message, cause);
  }
}
