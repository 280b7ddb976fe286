package io.unsealfs.verify.snp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.PemChain;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Reports of a maker of our own: no genuine one was at hand. AMD's certificates are genuine. */
class ReportVerifierTest {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final byte[] REPORT_DATA = reportData();

  private final ReportForge forge = new ReportForge(NOW);

  private static byte[] reportData() {
    byte[] data = new byte[64];
    Arrays.fill(data, (byte) 0x42);
    return data;
  }

  private Claims verify(byte[] evidence) throws VerificationException {
    return ReportVerifier.verify(evidence, forge.endorsements(), NOW);
  }

  private void refused(Failure failure, byte[] evidence) {
    refused(failure, evidence, forge.endorsements(), NOW);
  }

  private static void refused(
      Failure failure, byte[] evidence, SnpEndorsements endorsements, Instant now) {
    VerificationException e =
        assertThrows(
            VerificationException.class, () -> ReportVerifier.verify(evidence, endorsements, now));
    assertEquals(failure.name(), e.failure().name(), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"2", "3", "4", "5"})
  void aReportOfEachVersionSaysWhatItSays(int version) throws VerificationException {
    forge.version = version;
    Claims claims = verify(forge.evidence(REPORT_DATA));
    assertEquals(Claims.Tee.SNP, claims.tee());
    assertArrayEquals(ReportForge.measurement(), claims.bytes(Field.MEASUREMENT).orElseThrow());
    assertArrayEquals(REPORT_DATA, claims.bytes(Field.REPORT_DATA).orElseThrow());
    assertEquals("04000000000008d1", claims.hex(Field.REPORTED_TCB).orElseThrow());
    assertEquals(7, claims.number(Field.GUEST_SVN).orElseThrow());
    assertEquals(1, claims.number(Field.PLATFORM_INFO).orElseThrow());
    assertEquals(version >= 3, claims.bytes(Field.CPUID).isPresent());
  }

  @Test
  void aReportOfTheFifthGenerationHasItsOwnTcbAndChipId() throws VerificationException {
    Claims claims = verify(forge.turin().evidence(REPORT_DATA));
    assertEquals("0102030400000005", claims.hex(Field.REPORTED_TCB).orElseThrow());
    forge.version = 2;
    refused(Failure.QUOTE_UNSUPPORTED, forge.evidence(REPORT_DATA));
  }

  @Test
  void aKeyThatAProviderLoadedIsOfNoChip() throws VerificationException {
    forge.vlek();
    Arrays.fill(forge.chipId, (byte) 0);
    assertEquals(Claims.Tee.SNP, verify(forge.evidence(REPORT_DATA)).tee());
  }

  private static Arguments wrong(String what, Failure failure, Consumer<ReportForge> change) {
    return Arguments.of(Named.of(what, change), failure);
  }

  static Stream<Arguments> wrongs() {
    return Stream.of(
        wrong("version 1", Failure.QUOTE_UNSUPPORTED, f -> f.version = 1),
        wrong("version 6", Failure.QUOTE_UNSUPPORTED, f -> f.version = 6),
        wrong("asked for by the host", Failure.QUOTE_FORMAT, f -> f.vmpl = -1),
        wrong("another chip", Failure.VCEK_MISMATCH, f -> f.chipId[63] ^= 1),
        wrong("a masked chip id", Failure.VCEK_MISMATCH, f -> Arrays.fill(f.chipId, (byte) 0)),
        wrong("a short hardware id", Failure.VCEK_CHAIN, f -> f.certifiedChipId = new byte[8]),
        wrong(
            "a key of an older boot loader and newer microcode",
            Failure.VCEK_MISMATCH,
            f -> f.certifiedTcb = new byte[] {3, 0, 0, 0, 0, 0, 8, (byte) 0xD2}),
        wrong(
            "a key that counts a reserved part",
            Failure.VCEK_MISMATCH,
            f -> f.certifiedTcb = new byte[] {4, 0, 1, 0, 0, 0, 8, (byte) 0xD1}),
        wrong(
            "more than the running firmware has",
            Failure.VCEK_MISMATCH,
            f -> f.currentTcb = new byte[] {9, 9, 9, 9, 9, 9, 7, (byte) 0xFF}),
        wrong(
            "another line of processors",
            Failure.VCEK_MISMATCH,
            f -> f.cpuid = new byte[] {0x19, 0x11, 0}),
        wrong(
            "an unknown family", Failure.VCEK_MISMATCH, f -> f.cpuid = new byte[] {0x1C, 0x01, 0}),
        wrong("an unknown product", Failure.VCEK_CHAIN, f -> f.productName = "Naples-B0"),
        wrong("a product without a root", Failure.VCEK_CHAIN, f -> f.productName = "Genoa-B0"),
        wrong("another authority", Failure.VCEK_CHAIN, f -> f.authorityName = "SEV-Genoa"),
        wrong("another key's name", Failure.VCEK_CHAIN, f -> f.leafName = "SEV-VLEK"),
        wrong("a stranger's name", Failure.VCEK_CHAIN, f -> f.leafName = "SEV-PEK"),
        wrong("a revoked authority", Failure.VCEK_REVOKED, f -> f.revoked = true),
        wrong(
            "signed by another chip",
            Failure.QUOTE_SIGNATURE,
            f -> f.signingKey = ReportForge.ec()));
  }

  @ParameterizedTest
  @MethodSource("wrongs")
  void whatIsWrongHasAName(Consumer<ReportForge> change, Failure failure) {
    change.accept(forge);
    refused(failure, forge.evidence(REPORT_DATA));
  }

  @Test
  void aReportThatItsPlatformDidNotSignIsRefused() {
    byte[] masked = forge.evidence(REPORT_DATA);
    masked[0x48] = 1 << 1;
    forge.sign(masked);
    refused(Failure.QUOTE_UNSUPPORTED, masked);
    byte[] unsigned = forge.evidence(REPORT_DATA);
    unsigned[0x48] = 7 << 2;
    forge.sign(unsigned);
    refused(Failure.QUOTE_UNSUPPORTED, unsigned);
  }

  @Test
  void anotherRootWithTheSameNameIsNotTheRoot() {
    byte[] evidence = forge.evidence(REPORT_DATA);
    SnpEndorsements amds = new SnpEndorsements.Builder(AmdRoots.builtIn()).build();
    refused(Failure.VCEK_CHAIN, evidence, amds, NOW);
  }

  @Test
  void aRootBesideTheReportMustBeTheTrustedOne() throws VerificationException {
    Map<UUID, byte[]> entries = new LinkedHashMap<>();
    entries.put(CertificateTable.VCEK, forge.leaf());
    entries.put(CertificateTable.ASK, forge.authority());
    entries.put(CertificateTable.ARK, forge.root());
    byte[] report = forge.report(REPORT_DATA);
    SnpEndorsements endorsements = endorsementsOf(entries.get(CertificateTable.ARK));
    ReportVerifier.verify(
        ReportForge.concat(report, ReportForge.table(entries)), endorsements, NOW);
    // the same key and name, but not the same certificate
    entries.put(CertificateTable.ARK, forge.root());
    refused(
        Failure.VCEK_CHAIN,
        ReportForge.concat(report, ReportForge.table(entries)),
        endorsements,
        NOW);
  }

  private SnpEndorsements endorsementsOf(byte[] root) throws VerificationException {
    return new SnpEndorsements.Builder(AmdRoots.replacedBy(root).orElseThrow())
        .add(forge.revocationList())
        .build();
  }

  @Test
  void datesAreChecked() {
    byte[] evidence = forge.evidence(REPORT_DATA);
    SnpEndorsements endorsements = forge.endorsements();
    refused(Failure.VCEK_EXPIRED, evidence, endorsements, NOW.plus(Duration.ofDays(60)));
    refused(Failure.VCEK_EXPIRED, evidence, endorsements, NOW.minus(Duration.ofDays(60)));
    SnpEndorsements old = new ReportForge(NOW.minus(Duration.ofDays(60))).endorsements();
    SnpEndorsements early = new ReportForge(NOW.plus(Duration.ofDays(60))).endorsements();
    // the roots of those are other certificates, of which only the lists matter here
    assertThrows(VerificationException.class, () -> old.list(Product.MILAN, NOW), "an old list");
    assertThrows(
        VerificationException.class, () -> early.list(Product.MILAN, NOW), "a list to come");
  }

  @Test
  void withoutARevocationListNothingIsAccepted() {
    refused(
        Failure.COLLATERAL_MISSING,
        forge.evidence(REPORT_DATA),
        new SnpEndorsements.Builder(forge.roots()).build(),
        NOW);
  }

  @Test
  void anAuthorityThatSignsOtherwiseThanAmdsIsRefused() {
    SnpEndorsements endorsements = forge.endorsements();
    forge.digest = "SHA-256";
    refused(Failure.VCEK_CHAIN, forge.evidence(REPORT_DATA), endorsements, NOW);
    assertEquals(Optional.empty(), AmdRoots.replacedBy(forge.root()));
  }

  @Test
  void aListThatTheRootDidNotSignIsRefused() {
    byte[] list = forge.revocationList();
    list[list.length - 1] ^= 1;
    SnpEndorsements.Builder builder = new SnpEndorsements.Builder(forge.roots());
    assertThrows(VerificationException.class, () -> builder.add(list));
    assertThrows(VerificationException.class, () -> builder.add(new byte[0]));
    SnpEndorsements.Builder amds = new SnpEndorsements.Builder(AmdRoots.builtIn());
    assertThrows(VerificationException.class, () -> amds.add(forge.revocationList()));
  }

  /** Masks that also swap upper and lower case. */
  private static final int[] MASKS = {0x01, 0x20};

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void everyChangedByteIsRefused(boolean turin) {
    byte[] evidence = (turin ? forge.turin() : forge).evidence(REPORT_DATA);
    SnpEndorsements endorsements = forge.endorsements();
    List<String> accepted = new ArrayList<>();
    for (int at = 0; at < evidence.length; at++) {
      for (int mask : MASKS) {
        byte[] changed = evidence.clone();
        changed[at] ^= (byte) mask;
        try {
          ReportVerifier.verify(changed, endorsements, NOW);
          accepted.add("byte %d ^ %x".formatted(at, mask));
        } catch (VerificationException e) {
          // as it should be
        }
      }
    }
    assertEquals(List.of(), accepted);
  }

  @Test
  void aSignatureOfACertificateHasOneEncoding() {
    // the JDK drops the bits that a bit string says it does not use, whatever they are
    for (int tried = 0; tried < 64; tried++) {
      byte[] leaf = forge.leaf();
      int bits = leaf.length - 512 - 1;
      if ((leaf[leaf.length - 1] & 1) == 0) {
        leaf[bits] = 1;
        assertEquals(Optional.empty(), PemChain.certificate(leaf));
        return;
      }
    }
    throw new AssertionError("no signature ended in an even byte");
  }

  @Test
  void everyTruncationIsRefused() throws VerificationException {
    byte[] evidence = forge.evidence(REPORT_DATA);
    SnpEndorsements endorsements = forge.endorsements();
    ReportVerifier.verify(evidence, endorsements, NOW);
    for (int length = 0; length < evidence.length; length++) {
      byte[] cut = Arrays.copyOf(evidence, length);
      assertThrows(
          VerificationException.class,
          () -> ReportVerifier.verify(cut, endorsements, NOW),
          () -> cut.length + " bytes");
    }
  }

  @Test
  void tablesThatPointElsewhereAreRefused() {
    byte[] report = forge.report(REPORT_DATA);
    byte[] table = ReportForge.table(Map.of(CertificateTable.VCEK, forge.leaf()));
    byte[] far = table.clone();
    Arrays.fill(far, 16, 20, (byte) 0xFF);
    refused(Failure.QUOTE_FORMAT, ReportForge.concat(report, far));
    byte[] endless = new byte[24 * 100];
    Arrays.fill(endless, (byte) 1);
    refused(Failure.QUOTE_FORMAT, ReportForge.concat(report, endless));
    refused(
        Failure.QUOTE_FORMAT, ReportForge.concat(report, new byte[CertificateTable.MAX_BYTES + 1]));
    byte[] twice = ReportForge.concat(Arrays.copyOf(table, 24), table);
    refused(Failure.QUOTE_FORMAT, ReportForge.concat(report, twice));
    refused(Failure.COLLATERAL_MISSING, ReportForge.concat(report, new byte[24]));
  }

  @Test
  void certificatesAndListsCanComeFromADirectory(@TempDir Path directory) throws IOException {
    byte[] bare = forge.report(REPORT_DATA);
    byte[] root = forge.root();
    AmdRoots roots = AmdRoots.replacedBy(root).orElseThrow();
    AtomicLong nanos = new AtomicLong();
    SnpDirectory source = new SnpDirectory(directory, roots, nanos::get);
    refused(Failure.COLLATERAL_MISSING, bare, source.now(), NOW);
    Files.writeString(directory.resolve("chain.pem"), pem(forge.authority()) + pem(root));
    Files.write(directory.resolve("chip.der"), forge.leaf());
    Files.write(directory.resolve("milan.crl"), forge.revocationList());
    Files.writeString(directory.resolve("broken.pem"), "-----BEGIN CERTIFICATE-----\n");
    refused(Failure.COLLATERAL_MISSING, bare, source.now(), NOW);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    assertEquals(Claims.Tee.SNP, ReportVerifier.verify(bare, source.now(), NOW).tee());
    forge.tcb = new byte[] {3, 0, 0, 0, 0, 0, 8, (byte) 0xD1};
    refused(Failure.COLLATERAL_MISSING, forge.report(REPORT_DATA), source.now(), NOW);
  }

  private static String pem(byte[] der) {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getEncoder().encodeToString(der)
        + "\n-----END CERTIFICATE-----\n";
  }

  private static X509Certificate genuine(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ReportVerifierTest.class.getResourceAsStream(name))) {
      return PemChain.certificate(in.readAllBytes()).orElseThrow();
    }
  }

  @Test
  void amdsOwnAuthoritiesAreBelowTheBuiltInRoots() throws IOException {
    AmdRoots roots = AmdRoots.builtIn();
    X509Certificate milan = genuine("amd-ask-milan.der");
    assertEquals(
        Optional.empty(), AuthorityRules.flaw(milan, roots.of(Product.MILAN).orElseThrow()));
    assertEquals(
        Product.MILAN.authorityName(Signer.VCEK),
        AuthorityRules.commonName(milan.getSubjectX500Principal()));
    X509Certificate turin = genuine("amd-asvk-turin.der");
    assertEquals(
        Optional.empty(), AuthorityRules.flaw(turin, roots.of(Product.TURIN).orElseThrow()));
    assertEquals(
        Product.TURIN.authorityName(Signer.VLEK),
        AuthorityRules.commonName(turin.getSubjectX500Principal()));
    assertTrue(AuthorityRules.flaw(milan, roots.of(Product.GENOA).orElseThrow()).isPresent());
    for (Product product : Product.values()) {
      X509Certificate root = roots.of(product).orElseThrow();
      assertEquals(Optional.empty(), AuthorityRules.flaw(root, root));
      assertTrue(AmdRoots.replacedBy(encoded(root)).orElseThrow().areAmd());
    }
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (java.security.cert.CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theAppraiserBindsTheReportAndRefusesWhatOpensTheGuest() {
    SnpEndorsements endorsements = forge.endorsements();
    SnpAppraiser appraiser =
        new SnpAppraiser(
            () -> endorsements, BaselineRules.STRICT, Clock.fixed(NOW, ZoneOffset.UTC));
    byte[] good = forge.evidence(REPORT_DATA);
    assertTrue(
        appraiser.appraise(evidence(good), ReportData.of(REPORT_DATA)).accepted(),
        () -> appraiser.appraise(evidence(good), ReportData.of(REPORT_DATA)).toString());
    assertFails(
        Failure.REPORT_DATA, appraiser.appraise(evidence(good), ReportData.of(new byte[64])));
    forge.guestPolicy = 0xB0000;
    assertFails(
        Failure.SNP_DEBUG,
        appraiser.appraise(evidence(forge.evidence(REPORT_DATA)), ReportData.of(REPORT_DATA)));
    forge.guestPolicy = 0x70000;
    assertFails(
        Failure.TD_ATTRIBUTES,
        appraiser.appraise(evidence(forge.evidence(REPORT_DATA)), ReportData.of(REPORT_DATA)));
    forge.guestPolicy = 0x30000;
    forge.vmpl = 2;
    assertFails(
        Failure.TD_ATTRIBUTES,
        appraiser.appraise(evidence(forge.evidence(REPORT_DATA)), ReportData.of(REPORT_DATA)));
    assertFails(
        Failure.QUOTE_FORMAT,
        appraiser.appraise(new Evidence("snp", good, new byte[1]), ReportData.of(REPORT_DATA)));
    assertFails(
        Failure.QUOTE_UNSUPPORTED,
        appraiser.appraise(new Evidence("tdx", good, new byte[0]), ReportData.of(REPORT_DATA)));
  }

  private static Evidence evidence(byte[] bytes) {
    return new Evidence("snp", bytes, new byte[0]);
  }

  private static void assertFails(Failure failure, Appraisal appraisal) {
    assertEquals(
        List.of(failure.name()), appraisal.failures().stream().map(FailedCheck::name).toList());
  }
}
