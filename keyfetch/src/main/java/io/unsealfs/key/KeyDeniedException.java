package io.unsealfs.key;

import java.io.IOException;

/** The key service refused; asking again will not help. */
public class KeyDeniedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public KeyDeniedException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public KeyDeniedException(String message, Throwable cause) {
    super(message, cause);
  }
}
