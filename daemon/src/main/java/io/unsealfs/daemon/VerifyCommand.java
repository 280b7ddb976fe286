package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.attest.Evidence;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.policy.LogReading;
import io.unsealfs.verify.policy.Requester;
import io.unsealfs.verify.policy.SecretPolicy;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unsealfs verify}. */
@Command(
    name = "verify",
    description =
        "Appraises evidence offline: the raw quote, or what attest --json printed. Names every"
            + " failed check. Exit code 0 if accepted, 21 if refused.")
final class VerifyCommand implements Callable<Integer> {
  @Mixin ShownEvidence shown = new ShownEvidence();

  @Mixin PolicyOptions policy = new PolicyOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    Optional<SecretPolicy> rules = policy.read();
    ShownEvidence.Judged judged = shown.judge();
    Appraisal appraisal =
        judged.evidence().isEmpty()
            ? judged.appraisal()
            : judge(judged, judged.evidence().get(), rules);
    System.out.println(json ? json(appraisal) : text(appraisal));
    return (appraisal.accepted() ? ExitCode.DONE : ExitCode.KEY_DENIED).status();
  }

  private static Appraisal judge(
      ShownEvidence.Judged judged, Evidence evidence, Optional<SecretPolicy> rules) {
    Appraisal genuine = judged.appraisal();
    if (rules.isPresent()) {
      return rules.get().appraise(evidence, genuine, Requester.UNKNOWN, judged.time());
    }
    if (genuine.claims().isEmpty()) {
      // sample evidence is taken only where a policy says so
      return genuine.accepted()
          ? Appraisal.refused(
              Failure.QUOTE_UNSUPPORTED.check("evidence of a TEE: tdx or sgx", evidence.type()))
          : genuine;
    }
    List<FailedCheck> failures = new ArrayList<>(genuine.failures());
    failures.addAll(LogReading.of(evidence.eventLog(), genuine.claims().get()).failures());
    return new Appraisal(failures, genuine.claims());
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
