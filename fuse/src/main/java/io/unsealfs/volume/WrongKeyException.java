package io.unsealfs.volume;

import java.io.IOException;

/** The key does not open this volume. */
public class WrongKeyException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public WrongKeyException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public WrongKeyException(String message, Throwable cause) {
    super(message, cause);
  }
}
