package io.unsealfs.verify.policy;

import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.snp.TcbLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Guest policy, privilege level and TCB floor of a SEV-SNP guest (AMD 56860, ATTESTATION_REPORT).
 *
 * @param allowedPolicy bits of the guest policy that are refused unless the rule names them
 * @param vmpls privilege levels, decimal
 * @param minTcb parts of the TCB by name, at least these
 */
record SnpGuest(long allowedPolicy, Set<String> vmpls, Map<String, Integer> minTcb)
    implements Check {
  /** Bits of the guest policy that let somebody outside look in. */
  static final Map<String, Long> POLICY_BITS =
      new TreeMap<>(Map.of("MIGRATE_MA", 1L << 18, "DEBUG", 1L << 19));

  /** Parts of a TCB; which of them there are depends on the processor. */
  static final List<String> TCB_PARTS = List.of("fmc", "bootloader", "tee", "snp", "microcode");

  private static final int ABSENT = -1;

  @Override
  public List<CheckResult> judge(Subject subject) {
    List<CheckResult> results = new ArrayList<>();
    Claims claims = subject.claims();
    String policy = claims.hex(Claims.Field.GUEST_POLICY).orElse("absent");
    // an absent policy has every bit
    long bits = claims.number(Claims.Field.GUEST_POLICY).orElse(-1);
    POLICY_BITS.forEach((word, bit) -> {
      boolean allowed = (allowedPolicy & bit) != 0;
      results.add(
          new CheckResult(
              word.equals("DEBUG") ? "SNP_DEBUG" : "TD_ATTRIBUTES",
              "guest_policy",
              allowed || (bits & bit) == 0,
              (allowed ? "may have " : "does not have ") + word,
              policy));
    });
    results.add(
        new CheckResult(
            "TD_ATTRIBUTES",
            "guest_policy",
            (bits & ~BaselineRules.SNP_KNOWN) == 0,
            "has no unknown bits",
            policy));
    String vmpl =
        claims.number(Claims.Field.VMPL).stream()
            .mapToObj(Long::toString)
            .findAny()
            .orElse("absent");
    results.add(
        new CheckResult("TD_ATTRIBUTES", "vmpl", vmpls.contains(vmpl), Check.oneOf(vmpls), vmpl));
    tcb(claims, results);
    return results;
  }

  /** The TCB now, and at the start: what an older firmware measured may not be what it started. */
  private void tcb(Claims claims, List<CheckResult> results) {
    byte[] reported = claims.bytes(Field.REPORTED_TCB).orElse(new byte[0]);
    byte[] launch = claims.bytes(Field.LAUNCH_TCB).orElse(new byte[0]);
    Optional<TcbLayout> layout = TcbLayout.of(claims.bytes(Field.CPUID));
    for (String part : TCB_PARTS) {
      Integer floor = minTcb.get(part);
      if (floor == null) {
        continue;
      }
      int now = layout.isEmpty() ? ABSENT : layout.get().part(reported, part).orElse(ABSENT);
      int start = layout.isEmpty() ? ABSENT : layout.get().part(launch, part).orElse(ABSENT);
      results.add(
          new CheckResult(
              "TCB_STATUS",
              "min_tcb." + part,
              Math.min(now, start) >= floor,
              "is at least " + floor,
              now == start ? words(now) : words(start) + " at its start, " + words(now) + " now"));
    }
  }

  private static String words(int version) {
    return version == ABSENT ? "absent" : Integer.toString(version);
  }
}
