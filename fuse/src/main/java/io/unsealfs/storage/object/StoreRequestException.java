package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/**
 * The store refuses the request as such: a wrong bucket name, region or endpoint. Repeating does
 * not help.
 */
public class StoreRequestException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public StoreRequestException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public StoreRequestException(String message, Throwable cause) {
    super(message, cause);
  }
}
