package io.unsealfs.volume;

import java.io.IOException;

/** The volume is not the one that was pinned. */
public class PinMismatchException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public PinMismatchException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public PinMismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
