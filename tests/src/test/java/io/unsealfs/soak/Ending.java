package io.unsealfs.soak;

/** How a mount is taken away. */
enum Ending {
  /** Readers stop first, then an ordinary unmount; nothing may fail, nothing may stay open. */
  QUIET,
  /** {@code unsealfs umount} under load. */
  UMOUNT,
  /** SIGTERM to the daemon under load. */
  TERM,
  /** {@code kill -9} of the daemon under load; the next mount clears what is left. */
  KILL,
  /** {@code umount -l} under load: files that are open stay readable. */
  LAZY,
  /** The connection is cut under load, as an administrator does. */
  ABORT
}
