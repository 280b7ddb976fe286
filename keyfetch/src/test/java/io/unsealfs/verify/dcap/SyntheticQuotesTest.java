package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Quotes made for the purpose: every status, every failure, each with the verdict it must get. */
class SyntheticQuotesTest {

  static List<QuoteVectors.Case> cases() throws IOException {
    return QuoteVectors.index();
  }

  @Test
  void thereAreAsManyCasesAsTheIndexWasWrittenFor() throws IOException {
    assertEquals(116, cases().size());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aCaseGetsItsVerdict(QuoteVectors.Case one) throws IOException {
    byte[] quote = Vectors.bytes(QuoteVectors.SYNTHETIC + "quotes/" + one.name() + ".dat");
    byte[] collateral =
        Vectors.bytes(QuoteVectors.SYNTHETIC + "collateral/" + one.collateral() + ".json");
    String verdict;
    List<String> advisories;
    try {
      Claims claims = QuoteVectors.verify(quote, collateral, QuoteVectors.testRoot(), one.time());
      verdict = QuoteVectors.verdict(claims);
      advisories = claims.tcb().orElseThrow().advisories().stream().sorted().toList();
    } catch (VerificationException e) {
      verdict = e.failure().name();
      advisories = List.of();
    }
    assertEquals(one.expect(), verdict);
    assertEquals(one.advisories(), advisories);
  }
}
