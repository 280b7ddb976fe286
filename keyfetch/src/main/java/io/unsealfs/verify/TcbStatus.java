package io.unsealfs.verify;

import java.util.Optional;

/** How current a platform's trusted computing base is, in the words of its maker. */
public enum TcbStatus {
  /** Nothing known against it. */
  UP_TO_DATE("UpToDate"),
  /** The software inside must be hardened against the advisories. */
  SW_HARDENING_NEEDED("SWHardeningNeeded"),
  /** A setting of the firmware leaves a hole open. */
  CONFIGURATION_NEEDED("ConfigurationNeeded"),
  /** Both of the above. */
  CONFIGURATION_AND_SW_HARDENING_NEEDED("ConfigurationAndSWHardeningNeeded"),
  /** The host was updated while the TD ran; starting the TD again cures it. */
  TD_RELAUNCH_ADVISED("TDRelaunchAdvised"),
  /** The same, and a setting leaves a hole open. */
  TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED("TDRelaunchAdvisedConfigurationNeeded"),
  /** Known holes are open. */
  OUT_OF_DATE("OutOfDate"),
  /** Known holes are open, and a setting adds to them. */
  OUT_OF_DATE_CONFIGURATION_NEEDED("OutOfDateConfigurationNeeded"),
  /** Never acceptable. */
  REVOKED("Revoked");

  private final String word;

  TcbStatus(String word) {
    this.word = word;
  }

  /** The word as it stands in collateral and policies. */
  public String word() {
    return word;
  }

  /** The status of a word; empty if there is no such status. Upper and lower case matter. */
  public static Optional<TcbStatus> ofWord(String word) {
    for (TcbStatus status : values()) {
      if (status.word.equals(word)) {
        return Optional.of(status);
      }
    }
    return Optional.empty();
  }
}
