package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.VerificationException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Verifies quotes. A verdict says that genuine hardware of a known age signed what the quote says;
 * whether that is acceptable is for rules to judge. Stateless, thread-safe, a pure function of its
 * input.
 */
public final class QuoteVerifier {
  private static final int DIGEST_BYTES = 32;

  private final Minimum minimum;

  /**
   * The oldest collateral to be taken, though still in force; 0 takes any.
   *
   * @param evaluationNumber of TCB info and QE identity
   * @param rootCrlNumber of the root's revocation list
   * @param pckCrlNumber of the revocation list of platforms
   */
  public record Minimum(int evaluationNumber, long rootCrlNumber, long pckCrlNumber) {
    /** Any that is in force. */
    public static final Minimum NONE = new Minimum(0, 0, 0);
  }

  /** A verifier. */
  public QuoteVerifier(Minimum minimum) {
    this.minimum = minimum;
  }

  /**
   * The type of platform that signed a quote, by its own account: what collateral to look for.
   *
   * @throws VerificationException if the quote does not say
   */
  public static PlatformType platform(Quote quote) throws VerificationException {
    return PckChain.of(quote, Optional.empty()).type(quote.tee());
  }

  /**
   * Verifies a quote.
   *
   * @return its claims, with how current the platform is, whatever that is
   * @throws VerificationException with the name of the first check that failed
   */
  public Claims verify(Quote quote, Endorsements endorsements, Instant now)
      throws VerificationException {
    endorsements.checkDates(now);
    checkRollback(endorsements);
    PckChain chain = PckChain.of(quote, endorsements.pckCertificateChain());
    endorsements.check(chain, now);
    PckCertificate pck = chain.leaf();
    endorsements.tcbInfo().check(pck, quote.tee());
    if (quote.body() instanceof TdReport td) {
      endorsements.tcbInfo().module(td.teeTcbSvn()[1] & 0xFF).check(td);
    }
    checkSignatures(quote, pck, Optional.of(endorsements.qeIdentity()));
    Claims claims = quote.claims().with(Claims.Field.FMSPC, pck.fmspc());
    return claims.with(
        judge(
            quote,
            new TcbJudge(endorsements.tcbInfo(), endorsements.qeIdentity(), pck),
            endorsements));
  }

  /**
   * Checks what can be checked without collateral: that a chain up to the root signed the quote.
   * Says nothing about revocation or age, so nothing may be released for it.
   *
   * @throws VerificationException with the name of the first check that failed
   */
  public static void checkWithoutCollateral(Quote quote, TrustedRoot root)
      throws VerificationException {
    PckChain chain = PckChain.of(quote, Optional.empty());
    chain.verify(root, Optional.empty());
    checkSignatures(quote, chain.leaf(), Optional.empty());
  }

  private static void checkSignatures(
      Quote quote, PckCertificate pck, Optional<QeIdentity> identity) throws VerificationException {
    Quote.SignatureData signature = quote.signature();
    SgxReport qeReport = signature.qeReport();
    if (!P256.verifies(
        pck.certificate().getPublicKey(), signature.qeReportSignature(), qeReport.bytes())) {
      throw Failure.QE_REPORT_SIGNATURE.exception(
          "a QE report signed by the platform", "a bad signature");
    }
    checkVouched(signature);
    if (identity.isPresent()) {
      identity.get().check(qeReport, quote.tee());
    }
    PublicKey attestationKey =
        P256.publicKey(signature.attestationKey())
            .orElseThrow(
                () -> Failure.QUOTE_FORMAT.exception("an attestation key on the curve", "none"));
    if (!P256.verifies(attestationKey, signature.quoteSignature(), quote.signed())) {
      throw Failure.QUOTE_SIGNATURE.exception(
          "a quote signed by its attestation key", "a bad signature");
    }
  }

  /** The quoting enclave vouches for the attestation key, and says nothing else. */
  private static void checkVouched(Quote.SignatureData signature) throws VerificationException {
    byte[] expected = new byte[2 * DIGEST_BYTES];
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(signature.attestationKey());
      sha256.update(signature.authData());
      System.arraycopy(sha256.digest(), 0, expected, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime lacks SHA-256", e);
    }
    byte[] actual = signature.qeReport().reportData();
    if (!Arrays.equals(expected, actual)) {
      throw Failure.QE_REPORT_DATA.exception(
          HexFormat.of().formatHex(expected), HexFormat.of().formatHex(actual));
    }
  }

  private void checkRollback(Endorsements endorsements) throws VerificationException {
    atLeast("evaluation number", minimum.evaluationNumber(), endorsements.evaluationNumber());
    atLeast("root CRL number", minimum.rootCrlNumber(), endorsements.rootCrlNumber());
    atLeast("PCK CRL number", minimum.pckCrlNumber(), endorsements.pckCrlNumber());
  }

  private static void atLeast(String what, long wanted, long found) throws VerificationException {
    if (wanted > 0 && found < wanted) {
      throw Failure.COLLATERAL_ROLLBACK.exception(
          what + " of at least " + wanted, Long.toString(found));
    }
  }

  private static Tcb judge(Quote quote, TcbJudge judge, Endorsements endorsements)
      throws VerificationException {
    SgxReport qeReport = quote.signature().qeReport();
    TcbJudge.Round launch;
    Optional<TcbJudge.Round> current = Optional.empty();
    switch (quote.body()) {
      case TdReport td -> {
        launch = judge.tdx(td, td.teeTcbSvn(), qeReport);
        if (td.is15()) {
          current = Optional.of(judge.tdx(td, td.teeTcbSvn2(), qeReport));
        }
      }
      case SgxReport sgx -> launch = judge.sgx(qeReport);
    }
    if (current.isEmpty()) {
      return tcb(launch.status(), launch, Optional.empty(), endorsements);
    }
    TcbStatus status = Relaunch.merged(launch.status(), current.get().status());
    return tcb(status, launch, current, endorsements);
  }

  private static Tcb tcb(
      TcbStatus status,
      TcbJudge.Round launch,
      Optional<TcbJudge.Round> current,
      Endorsements endorsements) {
    Set<String> advisories = new LinkedHashSet<>(launch.advisories());
    Set<String> causes = new LinkedHashSet<>();
    causes.add(launch.cause());
    Instant date = launch.date();
    if (current.isPresent()) {
      advisories.addAll(current.get().advisories());
      causes.add(current.get().cause());
      date = date.isBefore(current.get().date()) ? date : current.get().date();
    }
    causes.remove("");
    return new Tcb(
        status,
        current.map(_ -> launch.status()),
        current.map(TcbJudge.Round::status),
        String.join("; now: ", causes),
        new ArrayList<>(advisories),
        date,
        endorsements.evaluationNumber(),
        endorsements.expires());
  }
}
