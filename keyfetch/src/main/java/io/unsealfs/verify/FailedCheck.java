package io.unsealfs.verify;

import java.util.regex.Pattern;

/**
 * One check that evidence failed. The values are for the operator: whoever showed the evidence is
 * not told what would have been right.
 *
 * @param name of the check, a stable word
 * @param kind what kind of failure it is
 * @param expected what would have passed
 * @param actual what was found
 */
public record FailedCheck(String name, Kind kind, String expected, String actual) {
  private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f]");

  /** Puts a mark in the place of control characters: what was found may be anybody's text. */
  public FailedCheck {
    expected = CONTROL.matcher(expected).replaceAll("?");
    actual = CONTROL.matcher(actual).replaceAll("?");
  }

  /** What a failed check means. */
  public enum Kind {
    /** Evidence of this type cannot be verified here, or is not taken. */
    UNSUPPORTED,
    /** The evidence is not in its own form. */
    MALFORMED,
    /** The evidence is not about this conversation. */
    BINDING,
    /** The evidence, or what it has to be judged by, is not genuine or not in force. */
    UNTRUSTED,
    /** The evidence is sound, but says what the policy does not accept. */
    POLICY
  }
}
