package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/**
 * How a program ended.
 *
 * @param command for messages
 * @param status exit status, 128 and more for signals
 */
record Outcome(String command, int status, String out, String err) {

  /** Fails with all the program said unless it ended this way. */
  Outcome assertStatus(int expected) {
    assertEquals(expected, status, this::toString);
    return this;
  }

  /** The lines on standard error. */
  List<String> errLines() {
    return err.lines().toList();
  }

  /** The only line on standard error. */
  String errLine() {
    assertEquals(1, errLines().size(), this::toString);
    return errLines().getFirst();
  }

  @Override
  public String toString() {
    return command + "\nended with " + status + "\n--- out\n" + out + "\n--- err\n" + err;
  }
}
