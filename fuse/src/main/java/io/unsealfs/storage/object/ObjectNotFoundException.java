package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/** There is no such object, or no such bucket. */
public class ObjectNotFoundException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public ObjectNotFoundException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public ObjectNotFoundException(String message, Throwable cause) {
    super(message, cause);
  }
}
