package io.unsealfs.key;

import java.io.IOException;

/** The key service could not be asked; asking again may help. */
public class KeyUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public KeyUnavailableException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public KeyUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
