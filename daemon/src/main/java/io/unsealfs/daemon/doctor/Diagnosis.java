package io.unsealfs.daemon.doctor;

/**
 * The outcome of one look.
 *
 * @param level how bad it is
 * @param what was looked at
 * @param finding what was found
 * @param mend what to do about it; empty where there is nothing to do
 */
public record Diagnosis(Level level, String what, String finding, String mend) {

  /** How bad a finding is. */
  public enum Level {
    /** As it should be. */
    OK,
    /** A mount works, but slower, less safely or not with every option. */
    WARN,
    /** A mount that needs this fails. */
    FAIL;

    /** As printed. */
    public String word() {
      return switch (this) {
        case OK -> "ok";
        case WARN -> "warn";
        case FAIL -> "fail";
      };
    }
  }

  /** All is well. */
  public static Diagnosis ok(String what, String finding) {
    return new Diagnosis(Level.OK, what, finding, "");
  }

  /** Worth mending. */
  public static Diagnosis warn(String what, String finding, String mend) {
    return new Diagnosis(Level.WARN, what, finding, mend);
  }

  /** Must be mended. */
  public static Diagnosis fail(String what, String finding, String mend) {
    return new Diagnosis(Level.FAIL, what, finding, mend);
  }

  /** One line: level, what, finding, how to mend. */
  public String line() {
    return String.format("%-5s", level.word())
        + what
        + ": "
        + finding.replace('\n', ' ')
        + (mend.isEmpty() ? "" : "; " + mend);
  }
}
