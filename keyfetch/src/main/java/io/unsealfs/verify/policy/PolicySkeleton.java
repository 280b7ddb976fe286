package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.eventlog.BootFacts;
import io.unsealfs.verify.eventlog.BootFacts.Measured;
import io.unsealfs.verify.eventlog.BootFacts.Role;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a first policy from the evidence of a machine that is known to be good. It accepts that
 * machine and no looser one; what weakens it (a debug TD, a platform that is not current) is
 * written as a comment only, for a person to decide.
 */
public final class PolicySkeleton {
  private static final List<Field> SNP = List.of(Field.MEASUREMENT);

  private final StringBuilder yaml = new StringBuilder();

  private PolicySkeleton() {}

  /**
   * A policy file for one secret.
   *
   * @param secret its name
   */
  public static String of(String secret, Subject subject) {
    return new PolicySkeleton().write(secret, subject);
  }

  private String write(String secret, Subject subject) {
    Claims claims = subject.claims();
    line(
        "# Written by \"unsealfs policy learn\"; every field is described in docs/key-release.md.");
    line("version: 1");
    line("secrets:");
    line("  - name: " + quoted(secret));
    if (claims.tee() == Claims.Tee.NONE) {
      throw new IllegalArgumentException("nothing can be learned from no evidence");
    }
    if (claims.tee() == Claims.Tee.SAMPLE) {
      line("    sample: true  # INSECURE: sample evidence proves nothing");
      return yaml.toString();
    }
    line("    rules:");
    line("      - name: learned");
    line("        tee: " + claims.tee().word());
    switch (claims.tee()) {
      case TDX -> tdx(subject);
      case SNP -> SNP.forEach(field -> field(claims, field));
      case SGX -> field(claims, Field.MRENCLAVE);
      case SAMPLE, NONE -> throw new AssertionError("handled above");
    }
    claims.tcb().ifPresent(tcb -> tcb(tcb, subject));
    return yaml.toString();
  }

  private void tdx(Subject subject) {
    Claims claims = subject.claims();
    field(claims, Field.MR_TD);
    Optional<BootFacts> facts =
        subject.log() instanceof LogReading.Replayed(BootFacts replayed)
            ? Optional.of(replayed)
            : Optional.empty();
    if (facts.isPresent() && !kernels(facts.get()).isEmpty()) {
      eventLog(facts.get());
    } else {
      switch (subject.log()) {
        case LogReading.Malformed(String why) ->
            line("        # its event log cannot be read (" + comment(why) + ")");
        case LogReading.Mismatch mismatch ->
            line("        # its event log does not lead to " + names(mismatch));
        default ->
            line(
                "        # no event log names a kernel, so the registers have to be listed;"
                    + " they change with every update");
      }
      field(claims, Field.RTMR1);
      field(claims, Field.RTMR2);
    }
    for (Field field : List.of(Field.MR_CONFIG_ID, Field.MR_OWNER, Field.MR_OWNER_CONFIG)) {
      if (!isZero(claims, field)) {
        field(claims, field);
      }
    }
    if (!isZero(claims, Field.MR_SERVICETD)) {
      line("        # a service TD is bound to this one: ask the provider what it is");
      field(claims, Field.MR_SERVICETD);
    }
    field(claims, Field.XFAM);
    List<CheckResult> attributes = new TdAttributes(0).judge(subject);
    for (CheckResult result : attributes) {
      if (!result.passed()) {
        line(
            "        # REFUSED as it stands, %s: %s"
                .formatted(result.name(), comment(result.actual())));
        line("        # allow_td_attributes: [...] would let it pass; a debug TD hides nothing");
      }
    }
  }

  private static String names(LogReading.Mismatch mismatch) {
    return String.join(", ", mismatch.registers().stream().map(one -> one.register()).toList());
  }

  private static Set<String> kernels(BootFacts facts) {
    Set<String> kernels = digests(facts, Role.KERNEL);
    if (kernels.isEmpty()) {
      // a kernel that the firmware starts itself: the last program it started
      facts.unexplained().stream()
          .filter(one -> one.role() == Role.BOOT_APPLICATION)
          .reduce((first, second) -> second)
          .map(Measured::digest)
          .ifPresent(kernels::add);
    }
    return kernels;
  }

  private void eventLog(BootFacts facts) {
    Set<String> kernels = kernels(facts);
    line("        event_log:");
    list("kernel", kernels);
    List<String> lines = new ArrayList<>(new LinkedHashSet<>(facts.kernelCommandLines()));
    digests(facts, Role.KERNEL_COMMAND_LINE)
        .forEach(digest -> lines.add(PolicyReader.DIGEST_PREFIX + digest));
    list("kernel_command_line", lines);
    list("initrd", digests(facts, Role.INITRD));
    Set<String> applications = digests(facts, Role.BOOT_APPLICATION);
    applications.removeAll(kernels);
    list("boot_applications", applications);
    list("other", digests(facts, Role.OTHER));
    if (facts.secureBoot().equals(Optional.of(true))) {
      line("          secure_boot: true");
    }
    list(
        "agent_events",
        facts.agentEvents().stream()
            .map(event -> event.domain() + " " + event.operation() + " " + event.content())
            .distinct()
            .toList());
    facts
        .bootCommandsDigest()
        .ifPresent(digest -> line("          # boot_commands: [" + digest + "]"));
  }

  private static Set<String> digests(BootFacts facts, Role role) {
    Set<String> digests = new LinkedHashSet<>();
    for (Measured one : facts.unexplained()) {
      if (one.role() == role) {
        digests.add(one.digest());
      }
    }
    return digests;
  }

  private void tcb(Tcb tcb, Subject subject) {
    if (tcb.status() == TcbStatus.UP_TO_DATE) {
      return;
    }
    line("        # REFUSED as it stands: " + tcb.status().word() + "; to accept it for a while:");
    line("        # accept_tcb:");
    line("        #   - status: " + tcb.status().word());
    line("        #     advisories: [" + String.join(", ", tcb.advisories()) + "]");
    line(
        "        #     until: "
            + subject.now().plus(30, ChronoUnit.DAYS).truncatedTo(ChronoUnit.DAYS));
  }

  private static boolean isZero(Claims claims, Field field) {
    return claims.hex(field).orElse("").chars().allMatch(c -> c == '0');
  }

  private void field(Claims claims, Field field) {
    claims.hex(field).ifPresent(hex -> line("        " + field.word() + ": [" + hex + "]"));
  }

  private void list(String key, Iterable<String> values) {
    if (!values.iterator().hasNext()) {
      return;
    }
    line("          " + key + ":");
    for (String value : values) {
      line("            - " + quoted(value));
    }
  }

  /** A scalar in single quotes, where YAML knows no escapes but the doubled quote. */
  private static String quoted(String text) {
    return text.matches("[0-9a-f]+|[A-Za-z0-9._-]+") ? text : "'" + text.replace("'", "''") + "'";
  }

  private static String comment(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private void line(String text) {
    yaml.append(text).append('\n');
  }
}
