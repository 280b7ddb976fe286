package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Collateral that was checked, as far as that does not depend on quote or time: every signature up
 * to the root, and revocation of those who signed. Parsed once and used for many quotes; immutable
 * and thread-safe.
 */
public final class Endorsements {
  private final TrustedRoot root;
  private final TcbInfo tcbInfo;
  private final QeIdentity qeIdentity;
  private final RevocationList rootCrl;
  private final Optional<PckList> pckCrl;
  private final Optional<VerificationException> pckCrlFailure;
  private final Optional<String> pckCertificateChain;
  private final List<Validity> validities;

  /**
   * The revocation list of platforms.
   *
   * @param authority who signed it; empty if that was not checked, for want of an issuer chain
   */
  private record PckList(RevocationList list, Optional<X509Certificate> authority) {}

  private Endorsements(
      TrustedRoot root,
      TcbInfo tcbInfo,
      QeIdentity qeIdentity,
      RevocationList rootCrl,
      Optional<PckList> pckCrl,
      Optional<VerificationException> pckCrlFailure,
      Optional<String> pckCertificateChain,
      List<Validity> validities) {
    this.root = root;
    this.tcbInfo = tcbInfo;
    this.qeIdentity = qeIdentity;
    this.rootCrl = rootCrl;
    this.pckCrl = pckCrl;
    this.pckCrlFailure = pckCrlFailure;
    this.pckCertificateChain = pckCertificateChain;
    this.validities = validities;
  }

  /**
   * Checks and parses collateral. A revocation list of platforms that is bad is only remembered:
   * the quote's own chain is to be judged before it.
   *
   * @throws VerificationException with the name of what is wrong
   */
  public static Endorsements load(Collateral raw, TrustedRoot root) throws VerificationException {
    List<Validity> validities = new ArrayList<>();
    validities.add(Validity.of("root certificate", root.certificate()));
    RevocationList rootCrl =
        RevocationList.of(raw.rootCaCrl(), root.certificate(), "root CRL", Failure.ROOT_CRL);
    validities.add(rootCrl.validity());
    byte[] tcbText = raw.tcbInfo().getBytes(StandardCharsets.UTF_8);
    X509Certificate tcbSigner =
        checkedSigner(
            raw.tcbInfoIssuerChain(),
            root,
            rootCrl,
            tcbText,
            raw.tcbInfoSignature(),
            Failure.TCB_INFO_SIGNATURE);
    validities.add(Validity.of("certificate that signed the TCB info", tcbSigner));
    byte[] qeText = raw.qeIdentity().getBytes(StandardCharsets.UTF_8);
    X509Certificate qeSigner =
        checkedSigner(
            raw.qeIdentityIssuerChain(),
            root,
            rootCrl,
            qeText,
            raw.qeIdentitySignature(),
            Failure.QE_IDENTITY_SIGNATURE);
    validities.add(Validity.of("certificate that signed the QE identity", qeSigner));
    TcbInfo tcbInfo = TcbInfo.of(tcbText);
    validities.add(tcbInfo.validity());
    QeIdentity qeIdentity = QeIdentity.of(qeText);
    validities.add(qeIdentity.validity());
    Optional<PckList> pckCrl = Optional.empty();
    Optional<VerificationException> pckCrlFailure = Optional.empty();
    try {
      RevocationList list = RevocationList.unchecked(raw.pckCrl(), "PCK CRL", Failure.PCK_CRL);
      Optional<X509Certificate> authority = Optional.empty();
      if (raw.pckCrlIssuerChain().isPresent()) {
        X509Certificate signer = IssuerChain.pckAuthority(raw.pckCrlIssuerChain().get(), root);
        list.checkIssuer(signer, Failure.PCK_CRL);
        validities.add(Validity.of("authority that signed the PCK CRL", signer));
        authority = Optional.of(signer);
      }
      validities.add(list.validity());
      pckCrl = Optional.of(new PckList(list, authority));
    } catch (VerificationException e) {
      pckCrlFailure = Optional.of(e);
    }
    return new Endorsements(
        root,
        tcbInfo,
        qeIdentity,
        rootCrl,
        pckCrl,
        pckCrlFailure,
        raw.pckCertificateChain(),
        List.copyOf(validities));
  }

  private static X509Certificate checkedSigner(
      String chain,
      TrustedRoot root,
      RevocationList rootCrl,
      byte[] signedText,
      byte[] signature,
      Failure failure)
      throws VerificationException {
    X509Certificate signer = IssuerChain.tcbSigner(chain, root, failure);
    if (rootCrl.revokes(signer)) {
      throw Failure.TCB_SIGNER_REVOKED.exception(
          "a signing certificate in force", "serial " + signer.getSerialNumber().toString(16));
    }
    if (!P256.verifies(signer.getPublicKey(), signature, signedText)) {
      throw failure.exception("text signed by its issuer", "a bad signature");
    }
    return signer;
  }

  /**
   * Refuses what is not in force at {@code now}, and a bad revocation list of platforms.
   *
   * @throws VerificationException COLLATERAL_EXPIRED, COLLATERAL_NOT_YET_VALID or PCK_CRL
   */
  public void check(Instant now) throws VerificationException {
    checkDates(now);
    pckList();
  }

  void checkDates(Instant now) throws VerificationException {
    for (Validity validity : validities) {
      validity.check(now, Failure.COLLATERAL_EXPIRED, Failure.COLLATERAL_NOT_YET_VALID);
    }
  }

  /** Until when all of it is in force. */
  public Instant expires() {
    return soonest().notAfter();
  }

  /** The piece that ends first, by name. */
  public String expiringPiece() {
    return soonest().piece();
  }

  private Validity soonest() {
    Validity soonest = validities.get(0);
    for (Validity validity : validities) {
      if (validity.notAfter().isBefore(soonest.notAfter())) {
        soonest = validity;
      }
    }
    return soonest;
  }

  /** When the youngest of it was issued. */
  public Instant issued() {
    Instant tcb = tcbInfo.validity().notBefore();
    Instant qe = qeIdentity.validity().notBefore();
    return tcb.isAfter(qe) ? tcb : qe;
  }

  /** The lower of the two numbers that say which findings it takes into account. */
  public int evaluationNumber() {
    return Math.min(tcbInfo.evaluationNumber(), qeIdentity.evaluationNumber());
  }

  /** Number of the root's revocation list; -1 if it has none. */
  public long rootCrlNumber() {
    return rootCrl.number();
  }

  /** Number of the revocation list of platforms; -1 if it has none. */
  public long pckCrlNumber() {
    return pckCrl.map(one -> one.list().number()).orElse(-1L);
  }

  /** The type of platform this is for, as the collateral itself has it. */
  public PlatformType platform() throws VerificationException {
    return new PlatformType(
        tcbInfo.id().equals("TDX") ? Claims.Tee.TDX : Claims.Tee.SGX,
        HexFormat.of().formatHex(tcbInfo.fmspc()),
        pckList().list().isFrom(PlatformType.Authority.PLATFORM.commonName())
            ? PlatformType.Authority.PLATFORM
            : PlatformType.Authority.PROCESSOR);
  }

  private PckList pckList() throws VerificationException {
    if (pckCrl.isPresent()) {
      return pckCrl.get();
    }
    throw new VerificationException(pckCrlFailure.orElseThrow().failure());
  }

  /**
   * Checks a platform's chain: signatures, dates, revocation.
   *
   * @throws VerificationException PCK_CHAIN, PCK_EXPIRED, PCK_CRL or PCK_REVOKED
   */
  void check(PckChain chain, Instant now) throws VerificationException {
    X509Certificate leaf = chain.leaf().certificate();
    X509Certificate issuer = chain.verify(root, pckCrl.flatMap(PckList::authority));
    Validity.of("PCK certificate", leaf).check(now, Failure.PCK_EXPIRED, Failure.PCK_EXPIRED);
    Validity.of("PCK authority", issuer).check(now, Failure.PCK_EXPIRED, Failure.PCK_EXPIRED);
    PckList list = pckList();
    if (list.authority().isEmpty() || !isSame(list.authority().get(), issuer)) {
      // costs a signature check each time; complete collateral spares it
      list.list().checkIssuer(issuer, Failure.PCK_CRL);
    }
    if (rootCrl.revokes(issuer)) {
      throw Failure.PCK_REVOKED.exception(
          "a PCK authority in force", "serial " + issuer.getSerialNumber().toString(16));
    }
    if (list.list().revokes(leaf)) {
      throw Failure.PCK_REVOKED.exception(
          "a PCK certificate in force", "serial " + leaf.getSerialNumber().toString(16));
    }
  }

  /** Whether two certificates are of one authority with one key. */
  private static boolean isSame(X509Certificate one, X509Certificate other) {
    return one.getSubjectX500Principal().equals(other.getSubjectX500Principal())
        && one.getPublicKey().equals(other.getPublicKey());
  }

  TcbInfo tcbInfo() {
    return tcbInfo;
  }

  QeIdentity qeIdentity() {
    return qeIdentity;
  }

  Optional<String> pckCertificateChain() {
    return pckCertificateChain;
  }
}
