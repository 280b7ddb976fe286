package io.unsealfs.verify.dcap;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The shared quotes with their collateral, and how a test asks for the verdict. */
final class QuoteVectors {
  static final String REAL = "tdx-quotes/";
  static final String SYNTHETIC = "tdx-quotes/synthetic/";

  private QuoteVectors() {}

  /**
   * One line of the index.
   *
   * @param expect a TCB status or the name of a failure
   * @param advisories sorted
   */
  record Case(
      String name, String collateral, Instant time, String expect, List<String> advisories) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> index() throws IOException {
    List<Case> cases = new ArrayList<>();
    try (JsonParser in = new JsonFactory().createParser(Vectors.bytes(SYNTHETIC + "index.json"))) {
      in.nextToken();
      while (in.nextToken() == JsonToken.START_OBJECT) {
        cases.add(one(in));
      }
    }
    return cases;
  }

  private static Case one(JsonParser in) throws IOException {
    String name = "";
    String collateral = "";
    long time = 0;
    String expect = "";
    List<String> advisories = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      String member = in.currentName();
      in.nextToken();
      switch (member) {
        case "name" -> name = in.getText();
        case "collateral" -> collateral = in.getText();
        case "time" -> time = in.getLongValue();
        case "expect" -> expect = in.getText();
        case "advisories" -> {
          while (in.nextToken() != JsonToken.END_ARRAY) {
            advisories.add(in.getText());
          }
        }
        default -> in.skipChildren();
      }
    }
    return new Case(name, collateral, Instant.ofEpochSecond(time), expect, advisories);
  }

  static TrustedRoot testRoot() throws IOException {
    return TrustedRoot.replacedBy(Vectors.bytes(SYNTHETIC + "test-root.der")).orElseThrow();
  }

  static Collateral collateral(String path) throws IOException {
    return Collateral.read(Vectors.bytes(path));
  }

  /** Everything from bytes, as a caller with nothing cached does it. */
  static Claims verify(byte[] quote, byte[] collateral, TrustedRoot root, Instant now)
      throws VerificationException {
    Quote parsed = Quote.parse(quote);
    Endorsements endorsements = Endorsements.load(Collateral.read(collateral), root);
    return new QuoteVerifier(QuoteVerifier.Minimum.NONE).verify(parsed, endorsements, now);
  }

  /** The failure's name, else the first broken rule but the one on statuses, else the status. */
  static String verdict(Claims claims) {
    for (FailedCheck failure : BaselineRules.STRICT.check(claims)) {
      if (!failure.name().equals("TCB_STATUS")) {
        return failure.name();
      }
    }
    return claims.tcb().orElseThrow().status().word();
  }
}
