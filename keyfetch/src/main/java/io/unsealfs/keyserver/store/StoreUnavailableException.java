package io.unsealfs.keyserver.store;

/**
 * A store cannot be reached now; the same may work later. Whether a write that failed so has
 * happened is not known.
 */
public final class StoreUnavailableException extends StoreException {
  private static final long serialVersionUID = 1L;

  /** A failure with one line that says what, on what and why. */
  public StoreUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
