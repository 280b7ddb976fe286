package io.unsealfs.verify.dcap;

import io.unsealfs.verify.TcbStatus;
import io.unsealfs.verify.VerificationException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What collateral says of one level.
 *
 * @param status how current it is
 * @param date the day from which that holds
 * @param advisories what is open
 */
record Judgement(TcbStatus status, Instant date, List<String> advisories) {
  private static final int MAX_ADVISORIES = 1024;

  /** What a platform's level may be. */
  static final Set<TcbStatus> OF_PLATFORMS =
      EnumSet.of(
          TcbStatus.UP_TO_DATE,
          TcbStatus.SW_HARDENING_NEEDED,
          TcbStatus.CONFIGURATION_NEEDED,
          TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED,
          TcbStatus.OUT_OF_DATE,
          TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED,
          TcbStatus.REVOKED);

  /** What a level of the module or the quoting enclave may be: only these can be merged. */
  static final Set<TcbStatus> OF_PARTS =
      EnumSet.of(TcbStatus.UP_TO_DATE, TcbStatus.OUT_OF_DATE, TcbStatus.REVOKED);

  Judgement {
    advisories = List.copyOf(advisories);
  }

  static Judgement of(JsonFields level, Set<TcbStatus> allowed) throws VerificationException {
    TcbStatus status =
        TcbStatus.ofWord(level.text("tcbStatus"))
            .filter(allowed::contains)
            .orElseThrow(() -> level.bad("tcbStatus", "a known status"));
    return new Judgement(
        status, level.instant("tcbDate"), level.texts("advisoryIDs", MAX_ADVISORIES));
  }
}
