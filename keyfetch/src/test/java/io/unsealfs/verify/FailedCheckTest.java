package io.unsealfs.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What the evidence says of itself ends in logs and on terminals. */
class FailedCheckTest {
  @Test
  void wordsOfTheEvidenceStayOnOneLine() {
    FailedCheck check = Failure.COLLATERAL_FORMAT.check("known members", "a\nb\u001b[2J\u2028c");
    assertEquals("a?b?[2J?c", check.actual());
  }

  @Test
  void endlessWordsOfTheEvidenceAreCut() {
    FailedCheck check = Failure.COLLATERAL_FORMAT.check("known members", "x".repeat(1 << 20));
    assertTrue(check.actual().length() < 3000, () -> check.actual().length() + " characters");
    String message = String.valueOf(new VerificationException(check).getMessage());
    assertTrue(message.length() < 1000, message);
  }
}
