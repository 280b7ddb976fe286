package io.unsealfs.key;

/**
 * The key service is not the one that is trusted, or its answer is not authentic. Asking again will
 * not help as long as the same one answers.
 */
public class UntrustedServerException extends KeyDeniedException {
  private static final long serialVersionUID = 1L;

  /** An error with this message: what failed, on what, why, what to do. */
  public UntrustedServerException(String message) {
    super(message);
  }

  /** An error with this message and its cause. */
  public UntrustedServerException(String message, Throwable cause) {
    super(message, cause);
  }
}
