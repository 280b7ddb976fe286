package io.unsealfs.keyserver;

import java.io.IOException;

/** An audit log is not as it was written. */
public final class AuditChainException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says in which line and how. */
  public AuditChainException(String message) {
    super(message);
  }
}
