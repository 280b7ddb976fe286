package io.unsealfs.verify.snp;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.PemChain;
import io.unsealfs.verify.dcap.Validity;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Whether a report comes from genuine hardware: root, authority, key, chip, TCB, signature, dates
 * and revocation. A pure function of what it is given.
 */
public final class ReportVerifier {
  private ReportVerifier() {}

  /** The key that should have signed a report, and who vouches for it; all of it unchecked. */
  private record Chain(Product product, EndorsementKey key, X509Certificate authority) {}

  /**
   * What a report says, whether or not it is genuine; for people.
   *
   * @throws VerificationException QUOTE_FORMAT or QUOTE_UNSUPPORTED
   */
  public static Claims claims(byte[] evidence) throws VerificationException {
    return Report.parse(evidence).claims();
  }

  /**
   * Verifies a report.
   *
   * @param evidence a report, and right behind it the certificate table if the host gave one; what
   *     is missing there is looked for in {@code endorsements}
   * @return what it says
   * @throws VerificationException the first check that failed
   */
  public static Claims verify(byte[] evidence, SnpEndorsements endorsements, Instant now)
      throws VerificationException {
    Report report = Report.parse(evidence);
    CertificateTable table =
        CertificateTable.parse(Arrays.copyOfRange(evidence, Report.BYTES, evidence.length));
    Chain chain = chain(report, table, endorsements);
    checkChain(chain, table, endorsements, now);
    checkPlatform(report, chain);
    if (!isSigned(report, chain.key().certificate().getPublicKey())) {
      throw Failure.QUOTE_SIGNATURE.exception(
          "a report signed by its " + report.signer(), "a bad signature");
    }
    return report.claims();
  }

  private static Chain chain(Report report, CertificateTable table, SnpEndorsements endorsements)
      throws VerificationException {
    EndorsementKey key = key(report, table, endorsements);
    Product product =
        Arrays.stream(Product.values())
            .filter(one -> one.isNamed(key.productName()))
            .findAny()
            .orElseThrow(() ->
                Failure.VCEK_CHAIN.exception(
                    "a known line of processors", "\"" + key.productName() + "\""));
    String name = product.authorityName(report.signer());
    Optional<X509Certificate> authority = fromTable(table, CertificateTable.ASK);
    if (authority.isEmpty()) {
      authority = endorsements.authority(name);
    }
    return new Chain(
        product,
        key,
        authority.orElseThrow(
            () -> Failure.COLLATERAL_MISSING.exception("the certificate of " + name, "none")));
  }

  private static EndorsementKey key(
      Report report, CertificateTable table, SnpEndorsements endorsements)
      throws VerificationException {
    UUID guid = report.signer() == Signer.VCEK ? CertificateTable.VCEK : CertificateTable.VLEK;
    Optional<X509Certificate> shown = fromTable(table, guid);
    if (shown.isPresent()) {
      EndorsementKey key = EndorsementKey.of(shown.get());
      if (key.signer() != report.signer()) {
        throw Failure.VCEK_CHAIN.exception(
            "the certificate of a " + report.signer(), "one of a " + key.signer());
      }
      return key;
    }
    for (EndorsementKey known : endorsements.keys(report.signer())) {
      for (Product product : Product.values()) {
        if (product.isNamed(known.productName()) && isFor(report, known, product)) {
          return known;
        }
      }
    }
    throw Failure.COLLATERAL_MISSING.exception(
        "the certificate of the " + report.signer() + " that signed",
        "none beside the report or in the directory");
  }

  private static boolean isFor(Report report, EndorsementKey key, Product product) {
    try {
      checkKey(report, key, product);
      return true;
    } catch (VerificationException e) {
      return false;
    }
  }

  private static Optional<X509Certificate> fromTable(CertificateTable table, UUID guid)
      throws VerificationException {
    Optional<byte[]> bytes = table.find(guid);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    List<byte[]> found = AmdRoots.certificates(bytes.get());
    Optional<X509Certificate> certificate =
        found.size() == 1 ? PemChain.certificate(found.get(0)) : Optional.empty();
    if (certificate.isEmpty()) {
      throw Failure.VCEK_CHAIN.exception(
          "one certificate in DER or PEM in each entry of the table", "something else");
    }
    return certificate;
  }

  private static void checkChain(
      Chain chain, CertificateTable table, SnpEndorsements endorsements, Instant now)
      throws VerificationException {
    Product product = chain.product();
    X509Certificate root =
        endorsements
            .roots()
            .of(product)
            .orElseThrow(() ->
                Failure.VCEK_CHAIN.exception("a trusted root named " + product.rootName(), "none"));
    Optional<X509Certificate> shownRoot = fromTable(table, CertificateTable.ARK);
    if (shownRoot.isPresent() && !shownRoot.get().equals(root)) {
      throw Failure.VCEK_CHAIN.exception("a chain to the trusted root", "another root");
    }
    X509Certificate authority = chain.authority();
    String wanted = product.authorityName(chain.key().signer());
    String found = AuthorityRules.commonName(authority.getSubjectX500Principal());
    if (!found.equals(wanted)) {
      throw Failure.VCEK_CHAIN.exception("the authority " + wanted, "\"" + found + "\"");
    }
    refuse(AuthorityRules.flaw(authority, root), "an authority below " + product.rootName());
    X509Certificate leaf = chain.key().certificate();
    refuse(AuthorityRules.signatureFlaw(leaf, authority), "a key below " + wanted);
    inForce(product.rootName(), root, now);
    inForce(wanted, authority, now);
    inForce(chain.key().signer().commonName(), leaf, now);
    // the lists of AMD's roots name authorities; keys of chips are retired by raising the TCB
    if (endorsements.list(product, now).revokes(authority)) {
      throw Failure.VCEK_REVOKED.exception(
          "an authority that is not revoked", "serial number " + authority.getSerialNumber());
    }
  }

  private static void refuse(Optional<String> flaw, String expected) throws VerificationException {
    if (flaw.isPresent()) {
      throw Failure.VCEK_CHAIN.exception(expected, flaw.get());
    }
  }

  private static void inForce(String name, X509Certificate certificate, Instant now)
      throws VerificationException {
    Validity.of("the certificate of " + name, certificate)
        .check(now, Failure.VCEK_EXPIRED, Failure.VCEK_EXPIRED);
  }

  /** Whether the report is about the chip, the TCB and the processor that the key is for. */
  private static void checkPlatform(Report report, Chain chain) throws VerificationException {
    Product product = chain.product();
    Optional<byte[]> cpuid = report.cpuid();
    if (cpuid.isPresent()) {
      int family = Byte.toUnsignedInt(cpuid.get()[0]);
      int model = Byte.toUnsignedInt(cpuid.get()[1]);
      if (!Product.of(family, model).equals(Optional.of(product))) {
        throw Failure.VCEK_MISMATCH.exception(
            "a processor of the line " + product.word(),
            "family 0x%02x, model 0x%02x".formatted(family, model));
      }
    } else if (product.layout() != TcbLayout.MILAN_GENOA) {
      throw Failure.QUOTE_UNSUPPORTED.exception(
          "a report of version 3 or newer from " + product.word(), "version 2");
    }
    checkKey(report, chain.key(), product);
    List<String> above = product.layout().above(report.reportedTcb(), report.currentTcb());
    if (!above.isEmpty()) {
      throw Failure.VCEK_MISMATCH.exception(
          "a reported TCB no part of which is above the current one", String.join("; ", above));
    }
  }

  private static void checkKey(Report report, EndorsementKey key, Product product)
      throws VerificationException {
    if (key.signer() == Signer.VCEK) {
      byte[] chip = report.chipId();
      byte[] id =
          key.hardwareId(product.chipIdBytes())
              .orElseThrow(() ->
                  Failure.VCEK_CHAIN.exception(
                      "a hardware id of " + product.chipIdBytes() + " bytes", "another length"));
      if (!MessageDigest.isEqual(Arrays.copyOf(id, chip.length), chip)) {
        throw Failure.VCEK_MISMATCH.exception(
            "a key of the chip " + HexFormat.of().formatHex(chip),
            "one of " + HexFormat.of().formatHex(id));
      }
    }
    TcbLayout layout = product.layout();
    byte[] reported = report.reportedTcb();
    List<String> differences = layout.differences(key.tcb(layout), reported);
    if (!differences.isEmpty()) {
      throw Failure.VCEK_MISMATCH.exception(
          "a key of the reported TCB, " + layout.describe(reported),
          String.join("; ", differences));
    }
  }

  private static boolean isSigned(Report report, PublicKey key) {
    try {
      Signature verifier = Signature.getInstance("SHA384withECDSAinP1363Format");
      verifier.initVerify(key);
      verifier.update(report.signed());
      return verifier.verify(report.signature());
    } catch (SignatureException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime cannot verify ECDSA signatures", e);
    }
  }
}
