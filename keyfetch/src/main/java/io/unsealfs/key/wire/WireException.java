package io.unsealfs.key.wire;

import java.io.IOException;

/** A message of the secret service's protocol is malformed, too large, or not authentic. */
public class WireException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message, which never shows a byte of a secret. */
  public WireException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public WireException(String message, Throwable cause) {
    super(message, cause);
  }
}
