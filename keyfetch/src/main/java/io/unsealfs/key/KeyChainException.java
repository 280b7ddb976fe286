package io.unsealfs.key;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** Several key references were tried, and none served. */
public class KeyChainException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient List<Attempt> attempts;

  /**
   * One reference that failed.
   *
   * @param reference its text
   * @param cause why
   */
  public record Attempt(String reference, IOException cause) {}

  /** An error listing {@code attempts}, in the order they were made; there is at least one. */
  public KeyChainException(List<Attempt> attempts) {
    super(
        "none of %d keys served: ".formatted(attempts.size())
            + attempts.stream()
                .map(attempt -> attempt.reference() + ": " + attempt.cause().getMessage())
                .collect(Collectors.joining("; ")),
        decisive(attempts));
    this.attempts = List.copyOf(attempts);
  }

  /** What was tried, in order, and why each failed. */
  public List<Attempt> attempts() {
    return attempts;
  }

  /**
   * The failure whose exit status counts: the first {@link KeyUnavailableException} if there is
   * one, since retrying can help, otherwise the last.
   */
  public IOException decisive() {
    return decisive(attempts);
  }

  private static IOException decisive(List<Attempt> attempts) {
    return attempts.stream()
        .map(Attempt::cause)
        .filter(KeyUnavailableException.class::isInstance)
        .findFirst()
        .orElseGet(() -> attempts.getLast().cause());
  }
}
