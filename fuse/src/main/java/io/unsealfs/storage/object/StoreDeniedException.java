package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/** The store refuses these credentials, or there are none. Repeating does not help. */
public class StoreDeniedException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StoreDeniedException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public StoreDeniedException(String message, Throwable cause) {
    super(message, cause);
  }
}
