package io.unsealfs.key;

/**
 * The key service refused this one conversation and said nothing about the key: it was restarted
 * between two calls, or this machine was suspended. Another conversation may go better.
 */
public class ConversationRefusedException extends KeyDeniedException {
  private static final long serialVersionUID = 1L;

  /** An error with this message and its cause. */
  public ConversationRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
