package io.unsealfs.verify;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How current the platform behind verified evidence is, as the collateral has it.
 *
 * @param status of platform, module and quoting enclave together
 * @param launchStatus TDX 1.5: as the platform was when the TD was started
 * @param currentStatus TDX 1.5: as the platform is now
 * @param cause which part is to blame and with which numbers, for people; empty if UpToDate
 * @param advisories ids of the advisories that are open, each once, platform first
 * @param date the earliest TCB date of the levels that matched
 * @param evaluationNumber the lower evaluation number of the collateral
 * @param collateralExpires until when this judgement may be repeated with the same collateral
 */
public record Tcb(
    TcbStatus status,
    Optional<TcbStatus> launchStatus,
    Optional<TcbStatus> currentStatus,
    String cause,
    List<String> advisories,
    Instant date,
    int evaluationNumber,
    Instant collateralExpires) {
  /** Copies the list. */
  public Tcb {
    advisories = List.copyOf(advisories);
  }
}
