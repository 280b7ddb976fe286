package io.unsealfs.storage;

import java.io.IOException;

/**
 * The operation does not fit the kind of node: reading a directory, opening a FIFO, reading the
 * target of a file.
 */
public class IllegalNodeException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public IllegalNodeException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public IllegalNodeException(String message, Throwable cause) {
    super(message, cause);
  }
}
