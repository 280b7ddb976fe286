package io.unsealfs.daemon;

import java.util.Locale;

/** Where a {@link MountSession} stands. */
enum MountState {
  NEW,
  ATTESTING,
  OPENING,
  MOUNTING,
  READY,
  STOPPING,
  CLOSED,
  FAILED;

  /** As {@code status} and the metrics say it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
