package io.unsealfs.storage;

import java.io.IOException;

/** The node has no extended attribute of that name. */
public class NoSuchAttributeException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public NoSuchAttributeException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public NoSuchAttributeException(String message, Throwable cause) {
    super(message, cause);
  }
}
