package io.unsealfs.verify.dcap;

import io.unsealfs.verify.VerificationException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * One level of a platform: the security versions to reach, and what reaching them means.
 *
 * @param sgx sixteen components of the platform
 * @param pcesvn of the provisioning enclave
 * @param tdx sixteen components of TDX; empty for SGX
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared by equals
record PlatformLevel(int[] sgx, int pcesvn, int[] tdx, Judgement judgement) {
  /** The highest first: by the components of SGX, then the PCE's version, then those of TDX. */
  static final Comparator<PlatformLevel> DESCENDING =
      Comparator.comparing(PlatformLevel::sgx, Arrays::compare)
          .thenComparingInt(PlatformLevel::pcesvn)
          .thenComparing(PlatformLevel::tdx, Arrays::compare)
          .reversed();

  private static final int MAX_LEVELS = 1024;
  private static final int MAX_SVN = 255;
  private static final int MAX_PCESVN = 65535;

  /** The levels of TCB info, sorted. */
  static List<PlatformLevel> sorted(JsonFields tcbInfo, int version, boolean isTdx)
      throws VerificationException {
    List<JsonFields> objects = tcbInfo.objects("tcbLevels", MAX_LEVELS);
    PlatformLevel[] levels = new PlatformLevel[objects.size()];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = of(objects.get(i), version, isTdx);
    }
    Arrays.sort(levels, DESCENDING);
    for (int i = 1; i < levels.length; i++) {
      if (DESCENDING.compare(levels[i - 1], levels[i]) == 0) {
        throw tcbInfo.bad("tcbLevels", "each level once");
      }
    }
    return List.of(levels);
  }

  private static PlatformLevel of(JsonFields level, int version, boolean isTdx)
      throws VerificationException {
    JsonFields tcb = level.object("tcb");
    return new PlatformLevel(
        version == 2 ? numbered(tcb) : components(tcb, "sgxtcbcomponents"),
        tcb.number("pcesvn", MAX_PCESVN),
        isTdx ? components(tcb, "tdxtcbcomponents") : new int[0],
        Judgement.of(level, Judgement.OF_PLATFORMS));
  }

  /** A list of exactly sixteen: a shorter one must not pass by comparing less. */
  private static int[] components(JsonFields tcb, String name) throws VerificationException {
    List<JsonFields> objects = tcb.objects(name, PckCertificate.COMPONENTS);
    if (objects.size() != PckCertificate.COMPONENTS) {
      throw tcb.bad(name, "sixteen components");
    }
    int[] components = new int[PckCertificate.COMPONENTS];
    for (int i = 0; i < components.length; i++) {
      components[i] = objects.get(i).number("svn", MAX_SVN);
    }
    return components;
  }

  /** The older form of TCB info names each component. */
  private static int[] numbered(JsonFields tcb) throws VerificationException {
    int[] components = new int[PckCertificate.COMPONENTS];
    for (int i = 0; i < components.length; i++) {
      components[i] = tcb.number("sgxtcbcomp%02dsvn".formatted(i + 1), MAX_SVN);
    }
    return components;
  }
}
