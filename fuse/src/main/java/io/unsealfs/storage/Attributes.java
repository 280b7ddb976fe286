package io.unsealfs.storage;

/**
 * Attributes of a {@link Node}, as stat(2) shows them.
 *
 * @param kind what the node is
 * @param fileId stable identity of the file within its tree (the inode number where there is one);
 *     hard links share it. Of a regular file it stands for one version of the bytes: a tree refuses
 *     another version with {@link StaleSourceException}, so it may key a cache
 * @param size bytes of content; of a symbolic link, bytes of its target
 * @param blocks allocated 512-byte units
 * @param mode permission bits, 0 to 07777; no file type
 * @param uid numeric owner
 * @param gid numeric group
 * @param linkCount number of hard links
 * @param modifiedNanos last change of content, as {@link #time} makes it
 * @param changedNanos last change of the inode, as {@link #time} makes it
 * @param deviceNumber st_rdev of a device node, otherwise 0
 */
public record Attributes(
    NodeKind kind,
    long fileId,
    long size,
    long blocks,
    int mode,
    int uid,
    int gid,
    int linkCount,
    long modifiedNanos,
    long changedNanos,
    long deviceNumber) {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** 1901-12-13: no file system on Linux goes further back. */
  private static final long FIRST_SECOND = Integer.MIN_VALUE;

  /** In 2486, a little before 64 bits of nanoseconds are used up; ext4 ends in 2446. */
  private static final long LAST_SECOND =
      FIRST_SECOND + Long.divideUnsigned(-1, NANOS_PER_SECOND) - 1;

  /**
   * A time in 64 bits: nanoseconds since 1970-01-01T00:00Z, but those below that of the second
   * -2<sup>31</sup> stand for times after 2262. Times before 1901 and after 2486 become the nearest
   * that there is.
   *
   * @param seconds since 1970
   * @param nanos past that second, 0 to 999,999,999
   */
  public static long time(long seconds, int nanos) {
    return Math.clamp(seconds, FIRST_SECOND, LAST_SECOND) * NANOS_PER_SECOND + nanos;
  }

  /** Seconds since 1970 of the last change of content. */
  public long modifiedSeconds() {
    return seconds(modifiedNanos);
  }

  /** Nanoseconds past {@link #modifiedSeconds()}. */
  public int modifiedNanoOfSecond() {
    return nanoOfSecond(modifiedNanos);
  }

  /** Seconds since 1970 of the last change of the inode. */
  public long changedSeconds() {
    return seconds(changedNanos);
  }

  /** Nanoseconds past {@link #changedSeconds()}. */
  public int changedNanoOfSecond() {
    return nanoOfSecond(changedNanos);
  }

  private static long seconds(long time) {
    return FIRST_SECOND
        + Long.divideUnsigned(time - FIRST_SECOND * NANOS_PER_SECOND, NANOS_PER_SECOND);
  }

  private static int nanoOfSecond(long time) {
    return (int) Long.remainderUnsigned(time - FIRST_SECOND * NANOS_PER_SECOND, NANOS_PER_SECOND);
  }

  /** These attributes with another size. */
  public Attributes withSize(long newSize) {
    return new Attributes(
        kind,
        fileId,
        newSize,
        blocks,
        mode,
        uid,
        gid,
        linkCount,
        modifiedNanos,
        changedNanos,
        deviceNumber);
  }
}
