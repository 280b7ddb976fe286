package io.unsealfs.crypto;

/** A key, nonce or output size that a primitive does not take. */
public final class UnsupportedParameterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what is refused and what is taken. */
  public UnsupportedParameterException(String message) {
    super(message);
  }
}
