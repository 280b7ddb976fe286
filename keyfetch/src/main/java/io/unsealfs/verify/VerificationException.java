package io.unsealfs.verify;

import java.io.IOException;

/** Evidence or collateral that did not pass a check. */
public final class VerificationException extends IOException {
  private static final long serialVersionUID = 1L;

  private static final int SHOWN_CHARS = 512;

  private final transient FailedCheck failure;

  /** An exception for this failed check. */
  public VerificationException(FailedCheck failure) {
    super(
        failure.name() + ": expected " + failure.expected() + ", found " + shown(failure.actual()));
    this.failure = failure;
  }

  private static String shown(String actual) {
    return actual.length() > SHOWN_CHARS ? actual.substring(0, SHOWN_CHARS) + "..." : actual;
  }

  /** The check that failed. */
  public FailedCheck failure() {
    return failure;
  }
}
