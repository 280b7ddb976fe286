package io.unsealfs.verify;

import java.io.IOException;

/** Evidence or collateral that did not pass a check. */
public final class VerificationException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient FailedCheck failure;

  /** An exception for this failed check. */
  public VerificationException(FailedCheck failure) {
    super(failure.name() + ": expected " + failure.expected() + ", found " + failure.actual());
    this.failure = failure;
  }

  /** The check that failed. */
  public FailedCheck failure() {
    return failure;
  }
}
