package io.unsealfs.storage.object;

import java.io.IOException;

/**
 * The store could not be reached, timed out, stalled or failed on its side (408, 500, 502, 504).
 */
public final class StoreUnavailableException extends TransientStoreException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StoreUnavailableException(String message, long retryAfterMillis) {
    super(message, retryAfterMillis);
  }

  /** An error with this message and its cause. */
  public StoreUnavailableException(String message, IOException cause) {
    super(message, cause);
  }
}
