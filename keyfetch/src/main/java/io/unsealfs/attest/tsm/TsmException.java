package io.unsealfs.attest.tsm;

import io.unsealfs.attest.AttestationException;
import org.jspecify.annotations.Nullable;

/** An operation on a report failed in a way that has a meaning of its own. */
final class TsmException extends AttestationException {
  private static final long serialVersionUID = 1L;

  private final TsmError error;

  TsmException(String operation, TsmError error, @Nullable Throwable cause) {
    super("no evidence: cannot " + operation + ": " + error.explanation());
    this.error = error;
    if (cause != null) {
      initCause(cause);
    }
  }

  TsmError error() {
    return error;
  }
}
