package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.EvidenceFile;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.EndorsementSource;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteVerifier;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs verify}. */
@Command(
    name = "verify",
    description =
        "Appraises evidence offline: the raw quote, or what attest --json printed. Names every"
            + " failed check. Exit code 0 if accepted, 21 if refused.")
final class VerifyCommand implements Callable<Integer> {
  @Parameters(paramLabel = "EVIDENCE", description = "File with the evidence.")
  Path evidence = Path.of("");

  @Option(
      names = "--collateral",
      paramLabel = "FILE|DIR",
      description = "Collateral to judge by; unsealfs collateral fetch gets it.")
  @Nullable Path collateral;

  @Mixin EndorsementOptions endorsements = new EndorsementOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    TrustedRoot root = endorsements.trustedRoot();
    Instant now = endorsements.time();
    Optional<EndorsementSource> source = EndorsementOptions.source(collateral, root);
    Appraisal appraisal = appraise(source, root, now);
    System.out.println(json ? json(appraisal) : text(appraisal));
    return (appraisal.accepted() ? ExitCode.DONE : ExitCode.KEY_DENIED).status();
  }

  private Appraisal appraise(Optional<EndorsementSource> source, TrustedRoot root, Instant now)
      throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(evidence)) {
      bytes = in.readNBytes(EvidenceFile.MAX_BYTES);
    }
    EvidenceFile file;
    try {
      file = EvidenceFile.read(bytes);
    } catch (AttestationException e) {
      return Appraisal.refused(
          Failure.QUOTE_FORMAT.check(
              "evidence as attest prints it", String.valueOf(e.getMessage())));
    }
    Evidence shown = file.evidence();
    Optional<Claims.Tee> tee = tee(shown.type());
    if (tee.isEmpty()) {
      return Appraisal.refused(
          Failure.QUOTE_UNSUPPORTED.check("evidence of a TEE: tdx or sgx", shown.type()));
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
        .appraise(shown, file.reportData());
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

  private static String text(Appraisal appraisal) {
    StringBuilder text = new StringBuilder(appraisal.accepted() ? "accepted" : "refused");
    Optional<Tcb> tcb = appraisal.claims().flatMap(Claims::tcb);
    tcb.ifPresent(one -> {
      text.append("\ntcb: ").append(BaselineRules.describe(one));
      text.append("\ncollateral: in force until ").append(one.collateralExpires());
    });
    for (FailedCheck failure : appraisal.failures()) {
      text.append("\nfailed: ").append(failure.name());
      text.append(": expected ").append(failure.expected());
      text.append(", found ").append(failure.actual());
    }
    appraisal
        .claims()
        .ifPresent(claims ->
            claims
                .all()
                .forEach((field, hex) ->
                    text.append('\n').append(field.word()).append(": ").append(hex)));
    return text.toString();
  }

  private static String json(Appraisal appraisal) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeBooleanField("accepted", appraisal.accepted());
      tcb(out, appraisal.claims().flatMap(Claims::tcb));
      out.writeArrayFieldStart("failures");
      for (FailedCheck failure : appraisal.failures()) {
        out.writeStartObject();
        out.writeStringField("name", failure.name());
        out.writeStringField("expected", failure.expected());
        out.writeStringField("actual", failure.actual());
        out.writeEndObject();
      }
      out.writeEndArray();
      if (appraisal.claims().isPresent()) {
        Claims claims = appraisal.claims().get();
        out.writeObjectFieldStart("claims");
        out.writeStringField("tee", claims.tee().word());
        for (Map.Entry<Claims.Field, String> field : claims.all().entrySet()) {
          out.writeStringField(field.getKey().word(), field.getValue());
        }
        out.writeEndObject();
      } else {
        out.writeNullField("claims");
      }
      out.writeEndObject();
    }
    return text.toString();
  }

  private static void tcb(JsonGenerator out, Optional<Tcb> found) throws IOException {
    if (found.isEmpty()) {
      out.writeNullField("tcb_status");
      out.writeArrayFieldStart("advisories");
      out.writeEndArray();
      return;
    }
    Tcb tcb = found.get();
    out.writeStringField("tcb_status", tcb.status().word());
    out.writeArrayFieldStart("advisories");
    for (String advisory : tcb.advisories()) {
      out.writeString(advisory);
    }
    out.writeEndArray();
    out.writeStringField("tcb_date", tcb.date().toString());
    out.writeStringField("tcb_cause", tcb.cause());
    if (tcb.launchStatus().isPresent()) {
      out.writeStringField("tcb_status_launch", tcb.launchStatus().get().word());
    }
    if (tcb.currentStatus().isPresent()) {
      out.writeStringField("tcb_status_current", tcb.currentStatus().get().word());
    }
    out.writeNumberField("tcb_evaluation_number", tcb.evaluationNumber());
    out.writeStringField("collateral_expires", tcb.collateralExpires().toString());
  }
}
