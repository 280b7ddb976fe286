package io.unsealfs.attest;

import java.io.IOException;

/** There is no TEE here, or making the evidence failed. */
public class AttestationException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public AttestationException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public AttestationException(String message, Throwable cause) {
    super(message, cause);
  }
}
