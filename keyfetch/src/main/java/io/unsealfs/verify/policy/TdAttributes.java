package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Attributes of a TD: what lets the host look in or is not known is refused unless named; exits of
 * pages the host takes away (SEPT_VE_DISABLE) must be disabled.
 *
 * @param allowed bits that the rule names
 */
record TdAttributes(long allowed) implements Check {
  /** Names as the Linux kernel has them. */
  static final Map<String, Long> BITS = bits();

  /** Any of these lets the host look in. */
  private static final long DEBUG_GROUP = 0xFF;

  private static final long REQUIRED = bit(28);
  private static final long HARMLESS = bit(16) | bit(27) | REQUIRED | bit(30) | bit(31) | bit(63);

  private static long bit(int number) {
    return 1L << number;
  }

  private static Map<String, Long> bits() {
    Map<String, Long> bits = new LinkedHashMap<>();
    bits.put("DEBUG", bit(0));
    bits.put("HGS_PLUS_PROF", bit(4));
    bits.put("PERF_PROF", bit(5));
    bits.put("PMT_PROF", bit(6));
    bits.put("ICSSD", bit(16));
    bits.put("LASS", bit(27));
    bits.put("SEPT_VE_DISABLE", bit(28));
    bits.put("MIGRATABLE", bit(29));
    bits.put("PKS", bit(30));
    bits.put("KL", bit(31));
    bits.put("TPA", bit(62));
    bits.put("PERFMON", bit(63));
    return bits;
  }

  @Override
  public List<CheckResult> judge(Subject subject) {
    OptionalLong found = subject.claims().number(Claims.Field.TD_ATTRIBUTES);
    if (found.isEmpty()) {
      return List.of(
          new CheckResult("TD_ATTRIBUTES", "td_attributes", false, "is there", "absent"));
    }
    long actual = found.getAsLong();
    long debug = actual & DEBUG_GROUP;
    long others = actual & ~DEBUG_GROUP;
    boolean othersPass = (others & ~(HARMLESS | allowed)) == 0 && (others & REQUIRED) == REQUIRED;
    return List.of(
        new CheckResult(
            "TD_DEBUG",
            "td_attributes",
            (debug & ~allowed) == 0,
            "has no debug bit" + except(allowed & DEBUG_GROUP),
            words(debug)),
        new CheckResult(
            "TD_ATTRIBUTES",
            "td_attributes",
            othersPass,
            "has SEPT_VE_DISABLE, and no others than " + words(HARMLESS | (allowed & ~DEBUG_GROUP)),
            words(others)));
  }

  private static String except(long bits) {
    return bits == 0 ? "" : " except " + words(bits);
  }

  static String words(long bits) {
    List<String> words = new ArrayList<>();
    long unnamed = bits;
    for (Map.Entry<String, Long> bit : BITS.entrySet()) {
      if ((bits & bit.getValue()) != 0) {
        words.add(bit.getKey());
        unnamed &= ~bit.getValue();
      }
    }
    if (unnamed != 0) {
      words.add("0x" + Long.toHexString(unnamed));
    }
    return words.isEmpty() ? "none" : String.join(" ", words);
  }
}
