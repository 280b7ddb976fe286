package io.unsealfs.storage.object;

import io.unsealfs.storage.StaleSourceException;

/** The object is no longer the version that was asked for: replaced, or its size differs. */
public class ObjectChangedException extends StaleSourceException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public ObjectChangedException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public ObjectChangedException(String message, Throwable cause) {
    super(message, cause);
  }
}
