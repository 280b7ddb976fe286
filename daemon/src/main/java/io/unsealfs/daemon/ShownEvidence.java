package io.unsealfs.daemon;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.EvidenceFile;
import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.SampleAppraiser;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.EndorsementSource;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteVerifier;
import io.unsealfs.verify.dcap.TrustedRoot;
import io.unsealfs.verify.snp.ReportVerifier;
import io.unsealfs.verify.snp.SnpAppraiser;
import io.unsealfs.verify.snp.SnpEndorsements;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Evidence in a file, and what it is judged by; shared by the commands that look at evidence. */
final class ShownEvidence {
  @Parameters(
      paramLabel = "EVIDENCE",
      description = "File with the evidence: the raw quote, or what attest --json printed.")
  Path file = Path.of("");

  @Option(
      names = "--collateral",
      paramLabel = "FILE|DIR",
      description = "Collateral to judge by; unsealfs collateral fetch gets it.")
  @Nullable Path collateral;

  @Mixin EndorsementOptions endorsements = new EndorsementOptions();

  /**
   * Evidence, judged.
   *
   * @param evidence empty if the file holds none
   * @param appraisal whether it is genuine; without collateral it is refused
   * @param claims what it says, genuine or not; empty if it cannot be read
   * @param time when it was judged
   */
  record Judged(
      Optional<Evidence> evidence, Appraisal appraisal, Optional<Claims> claims, Instant time) {}

  /** Reads and judges it by the rules for those without a policy. */
  Judged judge() throws IOException {
    Instant now = endorsements.time();
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(EvidenceFile.MAX_BYTES);
    }
    EvidenceFile read;
    try {
      read = EvidenceFile.read(bytes);
    } catch (AttestationException e) {
      Appraisal refused =
          Appraisal.refused(
              Failure.QUOTE_FORMAT.check(
                  "evidence as attest prints it", String.valueOf(e.getMessage())));
      return new Judged(Optional.empty(), refused, Optional.empty(), now);
    }
    Appraisal appraisal =
        read.evidence().type().equals(Claims.Tee.SNP.word())
            ? appraiseSnp(read, now)
            : appraise(read, now);
    return new Judged(
        Optional.of(read.evidence()), appraisal, claims(read.evidence(), appraisal), now);
  }

  private Appraisal appraiseSnp(EvidenceFile read, Instant now) throws IOException {
    SnpEndorsements known = EndorsementOptions.snp(collateral, endorsements.amdRoots());
    return new SnpAppraiser(() -> known, BaselineRules.STRICT, Clock.fixed(now, ZoneOffset.UTC))
        .appraise(read.evidence(), read.reportData());
  }

  private Appraisal appraise(EvidenceFile read, Instant now) throws IOException {
    TrustedRoot root = endorsements.trustedRoot();
    Optional<EndorsementSource> source = EndorsementOptions.source(collateral, root);
    Evidence shown = read.evidence();
    if (shown.type().equals(SampleEvidence.TYPE) && read.reportData().isPresent()) {
      return new SampleAppraiser().appraise(shown, read.reportData().get());
    }
    Optional<Claims.Tee> tee = tee(shown.type());
    if (tee.isEmpty()) {
      return Appraisal.refused(
          Failure.QUOTE_UNSUPPORTED.check("evidence of a TEE: tdx, snp or sgx", shown.type()));
    }
    if (source.isEmpty()) {
      return Appraisal.refused(withoutCollateral(shown, root));
    }
    return new QuoteAppraiser(
            tee.get(),
            source.get(),
            new QuoteVerifier(QuoteVerifier.Minimum.NONE),
            BaselineRules.STRICT,
            Clock.fixed(now, ZoneOffset.UTC))
        .appraise(shown, read.reportData());
  }

  private static Optional<Claims.Tee> tee(String type) {
    return switch (type) {
      case "tdx" -> Optional.of(Claims.Tee.TDX);
      case "sgx" -> Optional.of(Claims.Tee.SGX);
      default -> Optional.empty();
    };
  }

  /** What is wrong even without collateral comes first. */
  private static FailedCheck withoutCollateral(Evidence evidence, TrustedRoot root) {
    try {
      Quote quote = Quote.parse(evidence.quote());
      QuoteVerifier.checkWithoutCollateral(quote, root);
      return Failure.COLLATERAL_MISSING.check(
          "collateral for " + QuoteVerifier.platform(quote).word(),
          "none; its signatures are good, its age and revocation are unknown; add --collateral");
    } catch (VerificationException e) {
      return e.failure();
    }
  }

  private static Optional<Claims> claims(Evidence evidence, Appraisal appraisal) {
    if (appraisal.claims().isPresent()) {
      return appraisal.claims();
    }
    if (evidence.type().equals(SampleEvidence.TYPE)) {
      return Optional.of(Claims.of(Claims.Tee.SAMPLE, Map.of(), Optional.empty()));
    }
    try {
      return Optional.of(
          evidence.type().equals(Claims.Tee.SNP.word())
              ? ReportVerifier.claims(evidence.quote())
              : Quote.parse(evidence.quote()).claims());
    } catch (VerificationException e) {
      return Optional.empty();
    }
  }
}
