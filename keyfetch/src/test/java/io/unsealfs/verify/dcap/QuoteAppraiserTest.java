package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QuoteAppraiserTest {
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1751328000), ZoneOffset.UTC);

  private final byte[] quote;
  private final ReportData covered;
  private final QuoteAppraiser appraiser;

  QuoteAppraiserTest() throws IOException {
    quote = Vectors.bytes(QuoteVectors.REAL + "v4-uptodate.dat");
    covered =
        ReportData.of(Quote.parse(quote).claims().bytes(Claims.Field.REPORT_DATA).orElseThrow());
    Endorsements endorsements =
        Endorsements.load(
            QuoteVectors.collateral(QuoteVectors.REAL + "v4-uptodate-collateral.json"),
            TrustedRoot.intel());
    appraiser = appraiser(CLOCK, (_, _) -> endorsements);
  }

  private static QuoteAppraiser appraiser(Clock clock, EndorsementSource source) {
    return new QuoteAppraiser(
        Claims.Tee.TDX,
        source,
        new QuoteVerifier(QuoteVerifier.Minimum.NONE),
        BaselineRules.STRICT,
        clock);
  }

  private static Evidence tdx(byte[] quote) {
    return new Evidence("tdx", quote, new byte[0]);
  }

  @Test
  void aGenuineQuoteAboutThisConversationIsAccepted() {
    Appraisal appraisal = appraiser.appraise(tdx(quote), covered);
    assertEquals(List.of(), appraisal.failures());
    assertTrue(appraisal.claims().orElseThrow().hex(Claims.Field.MR_TD).isPresent());
    assertEquals(
        "b0c06f000000", appraisal.claims().orElseThrow().hex(Claims.Field.FMSPC).orElseThrow());
  }

  @Test
  void aGenuineQuoteOfAnotherConversationIsRefusedWhateverBitDiffers() {
    for (int bit = 0; bit < 8 * ReportData.SIZE; bit++) {
      byte[] other = covered.toBytes();
      other[bit / 8] ^= (byte) (1 << bit % 8);
      Appraisal appraisal = appraiser.appraise(tdx(quote), ReportData.of(other));
      assertFalse(appraisal.accepted());
      FailedCheck failure = appraisal.failures().get(0);
      assertEquals("REPORT_DATA", failure.name());
      assertEquals(FailedCheck.Kind.BINDING, failure.kind());
    }
  }

  @Test
  void whatIsNotGenuineSaysNothingAboutItsMachine() {
    byte[] changed = quote.clone();
    changed[48 + 136] ^= 1;
    Appraisal appraisal = appraiser.appraise(tdx(changed), covered);
    assertEquals("QUOTE_SIGNATURE", appraisal.failures().get(0).name());
    assertEquals(FailedCheck.Kind.UNTRUSTED, appraisal.failures().get(0).kind());
    assertTrue(appraisal.claims().isEmpty());
  }

  @Test
  void evidenceOfAnotherTeeIsRefused() throws IOException {
    byte[] sgx = Vectors.bytes(QuoteVectors.REAL + "sgx-v3.dat");
    assertEquals("QUOTE_FORMAT", appraiser.appraise(tdx(sgx), covered).failures().get(0).name());
    assertEquals(
        "QUOTE_UNSUPPORTED",
        appraiser
            .appraise(new Evidence("sgx", sgx, new byte[0]), covered)
            .failures()
            .get(0)
            .name());
    assertEquals(
        FailedCheck.Kind.MALFORMED,
        appraiser.appraise(tdx(new byte[0]), covered).failures().get(0).kind());
  }

  @Test
  void missingCollateralIsAFailedCheck() {
    EndorsementSource none =
        (_, _) -> {
          throw Failure.COLLATERAL_MISSING.exception("some", "none");
        };
    assertEquals(
        "COLLATERAL_MISSING",
        appraiser(CLOCK, none).appraise(tdx(quote), covered).failures().get(0).name());
  }

  @Test
  void theTimeIsThatOfTheClock() {
    Clock later = Clock.fixed(Instant.parse("2026-11-21T00:00:00Z"), ZoneOffset.UTC);
    Endorsements endorsements;
    try {
      endorsements =
          Endorsements.load(
              QuoteVectors.collateral(QuoteVectors.REAL + "v4-uptodate-collateral.json"),
              TrustedRoot.intel());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertEquals(
        "COLLATERAL_EXPIRED",
        appraiser(later, (_, _) -> endorsements)
            .appraise(tdx(quote), Optional.empty())
            .failures()
            .get(0)
            .name());
  }
}
