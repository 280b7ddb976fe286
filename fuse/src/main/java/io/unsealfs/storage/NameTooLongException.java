package io.unsealfs.storage;

import java.io.IOException;

/** A name is longer than a directory entry can be. */
public class NameTooLongException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public NameTooLongException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public NameTooLongException(String message, Throwable cause) {
    super(message, cause);
  }
}
