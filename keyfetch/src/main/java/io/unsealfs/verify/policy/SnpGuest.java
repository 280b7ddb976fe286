package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** Bytes of the TCB version, as Milan and Genoa have them. */
  static final Map<String, Integer> TCB_BYTES = tcbBytes();

  private static Map<String, Integer> tcbBytes() {
    Map<String, Integer> bytes = new LinkedHashMap<>();
    bytes.put("bootloader", 0);
    bytes.put("tee", 1);
    bytes.put("snp", 6);
    bytes.put("microcode", 7);
    return bytes;
  }

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
    String vmpl =
        claims.number(Claims.Field.VMPL).stream()
            .mapToObj(Long::toString)
            .findAny()
            .orElse("absent");
    results.add(
        new CheckResult("TD_ATTRIBUTES", "vmpl", vmpls.contains(vmpl), Check.oneOf(vmpls), vmpl));
    byte[] tcb = claims.bytes(Claims.Field.REPORTED_TCB).orElse(new byte[0]);
    TCB_BYTES.forEach((part, at) -> {
      Integer floor = minTcb.get(part);
      if (floor != null) {
        int actual = at < tcb.length ? Byte.toUnsignedInt(tcb[at]) : -1;
        results.add(
            new CheckResult(
                "TCB_STATUS",
                "min_tcb." + part,
                actual >= floor,
                "is at least " + floor,
                actual < 0 ? "absent" : Integer.toString(actual)));
      }
    });
    return results;
  }
}
