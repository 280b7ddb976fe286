package io.unsealfs.storage;

/**
 * An object of the storage was replaced or changed after it was first seen; its bytes are no longer
 * served.
 */
public class StaleSourceException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StaleSourceException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public StaleSourceException(String message, Throwable cause) {
    super(message, cause);
  }
}
