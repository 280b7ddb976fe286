package io.unsealfs.storage;

import java.io.IOException;

/** The storage back end failed, after its own retries. */
public class StorageException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StorageException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
