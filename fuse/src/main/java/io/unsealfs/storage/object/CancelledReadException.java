package io.unsealfs.storage.object;

import java.io.InterruptedIOException;

/** A call of an {@link ObjectStore} was cancelled. */
public class CancelledReadException extends InterruptedIOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message. */
  public CancelledReadException(String message) {
    super(message);
  }
}
