package io.unsealfs.verify;

import java.util.regex.Pattern;

/**
 * One check that evidence failed. The values are for the operator: whoever showed the evidence is
 * not told what would have been right.
 *
 * @param name of the check, a stable word
 * @param kind what kind of failure it is
 * @param expected what would have passed
 * @param actual what was found; the evidence's words, so line ends and other control characters
 *     become question marks, and what is longer than 2048 characters is cut
 */
public record FailedCheck(String name, Kind kind, String expected, String actual) {
  private static final int SHOWN_CHARS = 2048;
  private static final Pattern NO_TEXT = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]");

  /** Makes both one line: what was found may be anybody's text. */
  public FailedCheck {
    expected = NO_TEXT.matcher(expected).replaceAll("?");
    String cut = actual.length() > SHOWN_CHARS ? actual.substring(0, SHOWN_CHARS) + "..." : actual;
    actual = NO_TEXT.matcher(cut).replaceAll("?");
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
