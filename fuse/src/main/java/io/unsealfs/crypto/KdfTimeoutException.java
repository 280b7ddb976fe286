package io.unsealfs.crypto;

import java.io.IOException;

/** A key derivation took longer than it was allowed to. */
public final class KdfTimeoutException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why. */
  public KdfTimeoutException(String message) {
    super(message);
  }
}
