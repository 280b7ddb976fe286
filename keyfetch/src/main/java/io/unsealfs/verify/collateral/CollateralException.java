package io.unsealfs.verify.collateral;

import java.io.IOException;

/** Collateral that could not be fetched. */
public final class CollateralException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public CollateralException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public CollateralException(String message, Throwable cause) {
    super(message, cause);
  }
}
