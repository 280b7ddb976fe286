package io.unsealfs.storage.object;

import io.unsealfs.storage.StorageException;

/** The object is in an archive class and has to be restored before it can be read. */
public class ObjectArchivedException extends StorageException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public ObjectArchivedException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public ObjectArchivedException(String message, Throwable cause) {
    super(message, cause);
  }
}
