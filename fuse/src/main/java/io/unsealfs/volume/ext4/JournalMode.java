package io.unsealfs.volume.ext4;

/** What to do about a file system that was not cleanly unmounted (ext4.md section 9). */
public enum JournalMode {
  /** Read through the journal, in memory; the default. */
  REPLAY,
  /** Do not open it. */
  REFUSE,
  /** Show it as it is without the journal: old, and maybe inconsistent. */
  IGNORE
}
