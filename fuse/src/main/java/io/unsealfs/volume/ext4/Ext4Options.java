package io.unsealfs.volume.ext4;

/**
 * How to open a file system.
 *
 * @param journal what to do about a journal that has not been replayed ({@code ext4_journal})
 */
public record Ext4Options(JournalMode journal) {
  /** Replays the journal. */
  public static final Ext4Options DEFAULT = new Ext4Options(JournalMode.REPLAY);
}
