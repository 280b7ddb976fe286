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
 * @param modifiedNanos last change of content, nanoseconds since 1970-01-01T00:00Z
 * @param changedNanos last change of the inode, nanoseconds since 1970-01-01T00:00Z
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
