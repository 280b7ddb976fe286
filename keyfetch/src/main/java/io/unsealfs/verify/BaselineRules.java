package io.unsealfs.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What every policy demands unless it says otherwise: no debugging, nobody else inside, nothing
 * unknown, a current platform. Says nothing about which software runs.
 *
 * @param allowDebug whether the host may look in
 * @param serviceTds values of MRSERVICETD besides zero, lower-case hex
 * @param advisories open advisories that are lived with; a status that asks for hardening or
 *     configuration is accepted if all its advisories are among them
 */
public record BaselineRules(boolean allowDebug, Set<String> serviceTds, Set<String> advisories) {
  /** No exceptions. */
  public static final BaselineRules STRICT = new BaselineRules(false, Set.of(), Set.of());

  private static final long TD_DEBUG_BITS = 0xFF;
  private static final long TD_SEPT_VE_DISABLE = 1L << 28;

  /** ICSSD, LASS, SEPT_VE_DISABLE, PKS, KL, PERFMON: they open nothing to the host. */
  private static final long TD_HARMLESS =
      (1L << 16) | (1L << 27) | TD_SEPT_VE_DISABLE | (1L << 30) | (1L << 31) | (1L << 63);

  /** x87 and SSE, which every TD has. */
  private static final long XFAM_FIXED = 0b11;

  private static final long SNP_MIGRATION_AGENT = 1L << 18;
  private static final long SNP_DEBUG = 1L << 19;

  /** Bits of an SNP guest's policy that have a meaning (AMD 56860, guest policy). */
  public static final long SNP_KNOWN = (1L << 26) - 1;

  private static final long SGX_INIT = 1;
  private static final long SGX_DEBUG = 1 << 1;

  /** Copies the sets. */
  public BaselineRules {
    serviceTds = Set.copyOf(serviceTds);
    advisories = Set.copyOf(advisories);
  }

  /** Every rule that verified claims break. */
  public List<FailedCheck> check(Claims claims) {
    List<FailedCheck> failures = new ArrayList<>();
    claims.tcb().ifPresent(tcb -> tcb(tcb).ifPresent(failures::add));
    switch (claims.tee()) {
      case TDX -> {
        tdAttributes(claims).ifPresent(failures::add);
        xfam(claims).ifPresent(failures::add);
        serviceTd(claims).ifPresent(failures::add);
      }
      case SGX -> sgxAttributes(claims).ifPresent(failures::add);
      case SNP -> snpGuest(claims, failures);
      case SAMPLE, NONE -> {}
    }
    return failures;
  }

  private void snpGuest(Claims claims, List<FailedCheck> failures) {
    long bits = claims.number(Claims.Field.GUEST_POLICY).orElse(-1);
    String shown = "0x%016x".formatted(bits);
    if ((bits & SNP_DEBUG) != 0 && !allowDebug) {
      failures.add(Failure.SNP_DEBUG.check("guest_policy without DEBUG (bit 19)", shown));
    }
    if ((bits & SNP_MIGRATION_AGENT) != 0) {
      failures.add(Failure.TD_ATTRIBUTES.check("guest_policy without MIGRATE_MA (bit 18)", shown));
    }
    if ((bits & ~SNP_KNOWN) != 0) {
      failures.add(Failure.TD_ATTRIBUTES.check("guest_policy without unknown bits", shown));
    }
    long vmpl = claims.number(Claims.Field.VMPL).orElse(-1);
    if (vmpl != 0) {
      failures.add(Failure.TD_ATTRIBUTES.check("vmpl 0", Long.toString(vmpl)));
    }
  }

  private Optional<FailedCheck> tcb(Tcb tcb) {
    boolean accepted =
        switch (tcb.status()) {
          case UP_TO_DATE -> true;
          case SW_HARDENING_NEEDED, CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
              !tcb.advisories().isEmpty() && advisories.containsAll(tcb.advisories());
          default -> false;
        };
    return accepted
        ? Optional.empty()
        : Optional.of(
            Failure.TCB_STATUS.check(
                "UpToDate, or hardening or configuration for listed advisories only",
                describe(tcb)));
  }

  /** A status with what led to it, in one line. */
  public static String describe(Tcb tcb) {
    return "%s since %s%s%s"
        .formatted(
            tcb.status().word(),
            tcb.date(),
            tcb.cause().isEmpty() ? "" : ": " + tcb.cause(),
            tcb.advisories().isEmpty() ? "" : "; " + String.join(", ", tcb.advisories()));
  }

  private Optional<FailedCheck> tdAttributes(Claims claims) {
    long bits = claims.number(Claims.Field.TD_ATTRIBUTES).orElse(TD_DEBUG_BITS);
    String shown = "0x%016x".formatted(bits);
    if ((bits & TD_DEBUG_BITS) != 0 && !allowDebug) {
      return Optional.of(Failure.TD_DEBUG.check("td_attributes without debug bits 0 to 7", shown));
    }
    if ((bits & TD_SEPT_VE_DISABLE) == 0) {
      return Optional.of(
          Failure.TD_ATTRIBUTES.check("td_attributes with SEPT_VE_DISABLE (bit 28)", shown));
    }
    long refused = bits & ~TD_DEBUG_BITS & ~TD_HARMLESS;
    return refused == 0
        ? Optional.empty()
        : Optional.of(
            Failure.TD_ATTRIBUTES.check(
                "td_attributes without bit " + Long.numberOfTrailingZeros(refused), shown));
  }

  private static Optional<FailedCheck> xfam(Claims claims) {
    long bits = claims.number(Claims.Field.XFAM).orElse(0);
    return (bits & XFAM_FIXED) == XFAM_FIXED
        ? Optional.empty()
        : Optional.of(Failure.XFAM.check("xfam with bits 0 and 1", "0x%016x".formatted(bits)));
  }

  private Optional<FailedCheck> serviceTd(Claims claims) {
    Optional<String> bound = claims.hex(Claims.Field.MR_SERVICETD);
    if (bound.isEmpty() || isZero(bound.get()) || serviceTds.contains(bound.get())) {
      return Optional.empty();
    }
    return Optional.of(
        Failure.SERVICE_TD.check(
            serviceTds.isEmpty()
                ? "no service TD (mr_servicetd zero)"
                : "mr_servicetd zero or " + String.join(" or ", serviceTds),
            bound.get()));
  }

  private static boolean isZero(String hex) {
    return hex.chars().allMatch(digit -> digit == '0');
  }

  private Optional<FailedCheck> sgxAttributes(Claims claims) {
    long flags =
        claims.bytes(Claims.Field.SGX_ATTRIBUTES).map(bytes -> bytes[0] & 0xFFL).orElse(SGX_DEBUG);
    String shown = "0x%02x".formatted(flags);
    if ((flags & SGX_DEBUG) != 0 && !allowDebug) {
      return Optional.of(Failure.SGX_DEBUG.check("attributes without DEBUG", shown));
    }
    return (flags & SGX_INIT) != 0
        ? Optional.empty()
        : Optional.of(Failure.TD_ATTRIBUTES.check("attributes with INIT", shown));
  }
}
