package io.unsealfs.verify.dcap;

import io.unsealfs.verify.TcbStatus;

/** One status of the two that a TDX 1.5 quote has: at the TD's start, and now. */
final class Relaunch {
  private Relaunch() {}

  /**
   * Whether starting the TD again would cure it; else the worse of the two.
   *
   * @param launch with the versions at the TD's start
   * @param current with the versions now
   */
  static TcbStatus merged(TcbStatus launch, TcbStatus current) {
    boolean old =
        launch == TcbStatus.OUT_OF_DATE || launch == TcbStatus.OUT_OF_DATE_CONFIGURATION_NEEDED;
    return switch (current) {
      case UP_TO_DATE, SW_HARDENING_NEEDED ->
          old
              ? launch == TcbStatus.OUT_OF_DATE
                  ? TcbStatus.TD_RELAUNCH_ADVISED
                  : TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
              : worse(launch, current);
      case CONFIGURATION_NEEDED, CONFIGURATION_AND_SW_HARDENING_NEEDED ->
          old ? TcbStatus.TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED : worse(launch, current);
      default -> worse(launch, current);
    };
  }

  private static TcbStatus worse(TcbStatus one, TcbStatus other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
