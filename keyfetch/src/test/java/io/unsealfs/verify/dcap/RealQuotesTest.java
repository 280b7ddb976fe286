package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quotes of real machines with the collateral that Intel signed for them. */
class RealQuotesTest {
  private static final String V4 = "v4-uptodate";
  private static final Instant V4_TIME = Instant.ofEpochSecond(1751328000);

  private static Claims verify(String name, Instant now) throws IOException {
    return QuoteVectors.verify(
        Vectors.bytes(QuoteVectors.REAL + name + ".dat"),
        Vectors.bytes(QuoteVectors.REAL + name + "-collateral.json"),
        TrustedRoot.intel(),
        now);
  }

  private static byte[] quote(String name) throws IOException {
    return Vectors.bytes(QuoteVectors.REAL + name + ".dat");
  }

  private static String failure(byte[] quote, Collateral collateral, Instant now)
      throws IOException {
    return assertThrows(
            VerificationException.class,
            () -> QuoteVectors.verify(quote, collateral.toJson(), TrustedRoot.intel(), now))
        .failure()
        .name();
  }

  private static Collateral collateral(String name) throws IOException {
    return QuoteVectors.collateral(QuoteVectors.REAL + name + "-collateral.json");
  }

  @ParameterizedTest
  @CsvSource({
    "v4-uptodate, 1751328000, UpToDate, ''",
    "v4-20a06f, 1757894400, UpToDate, ''",
    "v4-debug, 1688169600, UpToDate, ''",
    "v4-gcp-2025-07, 1753012800, OutOfDate, INTEL-SA-00960 INTEL-SA-00982 INTEL-SA-00986",
    "v5-alibaba, 1750809600, UpToDate, ''",
    "sgx-v3, 1751328000, ConfigurationAndSWHardeningNeeded, INTEL-SA-00289 INTEL-SA-00615"
  })
  void aQuoteGetsTheStatusThatOtherVerifiersGave(
      String name, long time, String status, String advisories) throws IOException {
    Claims claims = verify(name, Instant.ofEpochSecond(time));
    assertEquals(status, claims.tcb().orElseThrow().status().word());
    assertEquals(
        advisories,
        String.join(" ", claims.tcb().orElseThrow().advisories().stream().sorted().toList()));
  }

  @ParameterizedTest
  @CsvSource({
    "v4-uptodate, 2025-06-19T10:32:27Z, 2025-07-19T10:00:35Z",
    "v4-20a06f, 2025-09-02T07:41:59Z, 2025-10-02T07:03:51Z",
    "v4-debug, 2023-06-18T08:42:58Z, 2023-07-08T07:24:59Z",
    "v4-gcp-2025-07, 2025-07-07T09:20:26Z, 2025-08-06T09:06:43Z",
    "v5-alibaba, 2025-06-19T10:00:35Z, 2025-07-04T09:40:18Z",
    "sgx-v3, 2025-06-19T10:56:11Z, 2025-07-19T10:01:18Z"
  })
  void collateralCountsFromItsFirstSecondToItsLast(String name, Instant from, Instant to)
      throws IOException {
    Instant allowance = from.minusSeconds(300);
    assertTrue(verify(name, from).tcb().isPresent());
    assertTrue(verify(name, allowance).tcb().isPresent());
    assertTrue(verify(name, to).tcb().isPresent());
    assertTrue(verify(name, to.plusMillis(999)).tcb().isPresent());
    assertEquals(
        "COLLATERAL_NOT_YET_VALID",
        assertThrows(VerificationException.class, () -> verify(name, allowance.minusSeconds(1)))
            .failure()
            .name());
    assertEquals(
        "COLLATERAL_EXPIRED",
        assertThrows(VerificationException.class, () -> verify(name, to.plusSeconds(1)))
            .failure()
            .name());
    assertEquals(
        "COLLATERAL_EXPIRED",
        assertThrows(
                VerificationException.class,
                () -> verify(name, Instant.parse("2026-11-21T00:00:00Z")))
            .failure()
            .name());
    assertEquals(to, verify(name, from).tcb().orElseThrow().collateralExpires());
  }

  @Test
  void theDebugBitIsRefusedUnlessAllowed() throws IOException {
    Claims claims = verify("v4-debug", Instant.ofEpochSecond(1688169600));
    assertEquals("TD_DEBUG", QuoteVectors.verdict(claims));
    assertEquals(List.of(), new BaselineRules(true, Set.of(), Set.of()).check(claims));
  }

  @Test
  void aServiceTdIsRefusedUnlessListed() throws IOException {
    Claims claims = verify("v5-alibaba", Instant.ofEpochSecond(1750809600));
    assertEquals("SERVICE_TD", QuoteVectors.verdict(claims));
    String bound = claims.hex(Claims.Field.MR_SERVICETD).orElseThrow();
    assertTrue(bound.startsWith("383c87d3"));
    assertEquals(List.of(), new BaselineRules(false, Set.of(bound), Set.of()).check(claims));
  }

  @Test
  void anOutOfDatePlatformIsRefusedWithWhatIsTooLow() throws IOException {
    Claims claims = verify("v4-gcp-2025-07", Instant.ofEpochSecond(1753012800));
    FailedCheck failure = BaselineRules.STRICT.check(claims).get(0);
    assertEquals("TCB_STATUS", failure.name());
    assertTrue(failure.actual().startsWith("OutOfDate since "), failure.actual());
    assertTrue(failure.actual().contains(" < "), failure.actual());
    assertTrue(failure.actual().contains("INTEL-SA-00960"), failure.actual());
  }

  @Test
  void hardeningIsAcceptedForListedAdvisoriesOnly() throws IOException {
    Claims claims = verify("sgx-v3", V4_TIME);
    Set<String> both = Set.of("INTEL-SA-00289", "INTEL-SA-00615");
    assertEquals(List.of(), new BaselineRules(false, Set.of(), both).check(claims));
    assertEquals(
        "TCB_STATUS",
        new BaselineRules(false, Set.of(), Set.of("INTEL-SA-00289")).check(claims).get(0).name());
  }

  @ParameterizedTest
  @CsvSource({
    "v4-uptodate, 0601030000, 0000001000000000, e702060000000000, 91eb2b44d141d4ec, 9a9d48e7f6799642",
    "v4-20a06f, 0601040000, 0000001000000000, 0702000000000000, f06dfda6dce1cf90, 0001d579ba6e734a",
    "v4-debug, 0300050000, 0100001000000000, e742060000000000, 705ee9381b8633a9, 7c71fe2c86eff65a",
    "v4-gcp-2025-07, 0401070000, 0000001000000000, e700060000000000, 935be7742dd89c6a, 0000000000000000",
    "v5-alibaba, 0501020000, 0000001000000000, e742060000000000, 157768a71a6a31f5, 83ded8a0ee745596"
  })
  void theClaimsAreThoseThatWerePublished(
      String name, String svn, String attributes, String xfam, String mrTd, String reportData)
      throws IOException {
    Claims claims = Quote.parse(quote(name)).claims();
    assertTrue(claims.hex(Claims.Field.TEE_TCB_SVN).orElseThrow().startsWith(svn));
    assertEquals(attributes, claims.hex(Claims.Field.TD_ATTRIBUTES).orElseThrow());
    assertEquals(xfam, claims.hex(Claims.Field.XFAM).orElseThrow());
    assertTrue(claims.hex(Claims.Field.MR_TD).orElseThrow().startsWith(mrTd));
    assertTrue(claims.hex(Claims.Field.REPORT_DATA).orElseThrow().startsWith(reportData));
  }

  @ParameterizedTest
  @CsvSource({
    "28, QUOTE_SIGNATURE",
    "47, QUOTE_SIGNATURE",
    "568, QUOTE_SIGNATURE",
    "631, QUOTE_SIGNATURE",
    "12, QUOTE_FORMAT",
    "27, QUOTE_FORMAT",
    "636, QUOTE_SIGNATURE",
    "699, QUOTE_SIGNATURE",
    "770, QE_REPORT_SIGNATURE",
    "1153, QE_REPORT_SIGNATURE",
    "1154, QE_REPORT_SIGNATURE",
    "1217, QE_REPORT_SIGNATURE",
    "1220, QE_REPORT_DATA",
    "1251, QE_REPORT_DATA",
    "1400, PCK_CHAIN"
  })
  void aFlippedBitIsNamed(int at, String name) throws IOException {
    byte[] quote = quote(V4);
    quote[at] ^= 1;
    assertEquals(name, failure(quote, collateral(V4), V4_TIME));
  }

  @Test
  void anyOtherAttestationKeyIsRefused() throws IOException {
    for (int at = 700; at < 764; at++) {
      byte[] quote = quote(V4);
      quote[at] ^= 1;
      String name = failure(quote, collateral(V4), V4_TIME);
      assertTrue(Set.of("QUOTE_FORMAT", "QE_REPORT_DATA").contains(name), name);
    }
  }

  @Test
  void aQuoteCutAnywhereIsRefusedAndPaddingIsNot() throws IOException {
    byte[] quote = quote(V4);
    for (int length = 0; length < 4936; length++) {
      byte[] cut = Arrays.copyOf(quote, length);
      assertEquals(
          "QUOTE_FORMAT",
          assertThrows(VerificationException.class, () -> Quote.parse(cut)).failure().name());
    }
    for (int length : new int[] {4936, 4937, 5006, 9000}) {
      byte[] padded = Arrays.copyOf(quote, length);
      assertEquals(
          "UpToDate",
          QuoteVectors.verify(padded, collateral(V4).toJson(), TrustedRoot.intel(), V4_TIME)
              .tcb()
              .orElseThrow()
              .status()
              .word());
    }
    assertThrows(VerificationException.class, () -> Quote.parse(new byte[Quote.MAX_BYTES + 1]));
  }

  @Test
  void foreignCollateralIsNamed() throws IOException {
    byte[] quote = quote(V4);
    Collateral own = collateral(V4);
    Collateral sgx = collateral("sgx-v3");
    assertEquals("PCK_CRL", failure(quote, withPckCrl(own, sgx.pckCrl()), V4_TIME));
    assertEquals("TCB_INFO_MISMATCH", failure(quote, withTcbInfo(own, sgx), V4_TIME));
    assertEquals("QE_IDENTITY_MISMATCH", failure(quote, withQeIdentity(own, sgx), V4_TIME));
    Collateral later = collateral("v4-20a06f");
    assertEquals("TCB_INFO_MISMATCH", failure(quote, later, Instant.ofEpochSecond(1757894400)));
  }

  @Test
  void aBlankAddedToSignedTextIsRefused() throws IOException {
    Collateral own = collateral(V4);
    assertEquals(
        "TCB_INFO_SIGNATURE",
        failure(quote(V4), withTcbInfo(own, own.tcbInfo() + " ", own.tcbInfoSignature()), V4_TIME));
    Collateral blank =
        new Collateral(
            own.tcbInfo(),
            own.tcbInfoSignature(),
            own.tcbInfoIssuerChain(),
            own.qeIdentity().replaceFirst(",", ", "),
            own.qeIdentitySignature(),
            own.qeIdentityIssuerChain(),
            own.rootCaCrl(),
            own.pckCrl(),
            own.pckCrlIssuerChain(),
            own.pckCertificateChain());
    assertEquals("QE_IDENTITY_SIGNATURE", failure(quote(V4), blank, V4_TIME));
  }

  @Test
  void collateralOlderThanDemandedIsARollback() throws IOException {
    Endorsements endorsements = Endorsements.load(collateral(V4), TrustedRoot.intel());
    assertEquals(17, endorsements.evaluationNumber());
    Quote quote = Quote.parse(quote(V4));
    for (QuoteVerifier.Minimum minimum :
        List.of(
            new QuoteVerifier.Minimum(18, 0, 0),
            new QuoteVerifier.Minimum(0, endorsements.rootCrlNumber() + 1, 0),
            new QuoteVerifier.Minimum(0, 0, endorsements.pckCrlNumber() + 1))) {
      assertEquals(
          "COLLATERAL_ROLLBACK",
          assertThrows(
                  VerificationException.class,
                  () -> new QuoteVerifier(minimum).verify(quote, endorsements, V4_TIME))
              .failure()
              .name());
    }
    new QuoteVerifier(
            new QuoteVerifier.Minimum(
                17, endorsements.rootCrlNumber(), endorsements.pckCrlNumber()))
        .verify(quote, endorsements, V4_TIME);
  }

  @Test
  void withoutCollateralTheSignaturesAreStillChecked() throws IOException {
    for (String name : List.of("v4-uptodate", "v5-alibaba", "sgx-v3")) {
      byte[] bytes = quote(name);
      QuoteVerifier.checkWithoutCollateral(Quote.parse(bytes), TrustedRoot.intel());
      bytes[100] ^= 1;
      Quote changed = Quote.parse(bytes);
      assertEquals(
          "QUOTE_SIGNATURE",
          assertThrows(
                  VerificationException.class,
                  () -> QuoteVerifier.checkWithoutCollateral(changed, TrustedRoot.intel()))
              .failure()
              .name());
    }
  }

  @Test
  void aQuoteSaysWhichCollateralItNeeds() throws IOException {
    assertEquals(
        "tdx-b0c06f000000-platform", QuoteVerifier.platform(Quote.parse(quote(V4))).word());
    assertEquals(
        "sgx-00a067110000-processor", QuoteVerifier.platform(Quote.parse(quote("sgx-v3"))).word());
    assertEquals(
        "tdx-b0c06f000000-platform",
        Endorsements.load(collateral(V4), TrustedRoot.intel()).platform().word());
  }

  @Test
  void theRootIsTheOneThatIntelPublished() throws IOException {
    assertTrue(TrustedRoot.intel().is(Vectors.bytes(QuoteVectors.REAL + "intel-sgx-root-ca.der")));
    assertEquals(
        "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
        HexFormat.of()
            .formatHex(sha256(TrustedRoot.intel().certificate().getPublicKey().getEncoded())));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return java.security.MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static Collateral withTcbInfo(Collateral own, Collateral foreign) {
    return withTcbInfo(own, foreign.tcbInfo(), foreign.tcbInfoSignature());
  }

  private static Collateral withTcbInfo(Collateral own, String text, byte[] signature) {
    return new Collateral(
        text,
        signature,
        own.tcbInfoIssuerChain(),
        own.qeIdentity(),
        own.qeIdentitySignature(),
        own.qeIdentityIssuerChain(),
        own.rootCaCrl(),
        own.pckCrl(),
        own.pckCrlIssuerChain(),
        own.pckCertificateChain());
  }

  private static Collateral withQeIdentity(Collateral own, Collateral foreign) {
    return new Collateral(
        own.tcbInfo(),
        own.tcbInfoSignature(),
        own.tcbInfoIssuerChain(),
        foreign.qeIdentity(),
        foreign.qeIdentitySignature(),
        own.qeIdentityIssuerChain(),
        own.rootCaCrl(),
        own.pckCrl(),
        own.pckCrlIssuerChain(),
        own.pckCertificateChain());
  }

  private static Collateral withPckCrl(Collateral own, byte[] pckCrl) {
    return new Collateral(
        own.tcbInfo(),
        own.tcbInfoSignature(),
        own.tcbInfoIssuerChain(),
        own.qeIdentity(),
        own.qeIdentitySignature(),
        own.qeIdentityIssuerChain(),
        own.rootCaCrl(),
        pckCrl,
        own.pckCrlIssuerChain(),
        own.pckCertificateChain());
  }
}
