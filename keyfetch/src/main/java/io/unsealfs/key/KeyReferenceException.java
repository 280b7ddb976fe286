package io.unsealfs.key;

import java.io.IOException;

/** A key reference is malformed, or its bytes cannot be read the way it says. */
public class KeyReferenceException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public KeyReferenceException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public KeyReferenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
