package io.unsealfs.verify;

import java.io.IOException;

/** Evidence or collateral that did not pass a check. */
public final class VerificationException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int MAX_SHOWN = 512;

  private final transient FailedCheck failure;

  /** An exception for this failed check. */
  public VerificationException(FailedCheck failure) {
    super(failure.name() + ": expected " + failure.expected() + ", found " + cut(failure.actual()));
    this.failure = failure;
  }

  /** A message is a line that somebody reads. */
  private static String cut(String actual) {
    return actual.length() <= MAX_SHOWN ? actual : actual.substring(0, MAX_SHOWN) + "…";
  }

  /** The check that failed. */
  public FailedCheck failure() {
    return failure;
  }
}
