package io.unsealfs.daemon;

/** Where a {@link MountSession} stands. */
enum MountState {
  NEW,
  ATTESTING,
  OPENING,
  MOUNTING,
  READY,
  STOPPING,
  CLOSED,
  FAILED
}
