package io.unsealfs.mount.kernel;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;

/** The option lists that mount(2) and fusermount3 take. */
final class MountWords {
  /** File system type in the mount table. */
  static final String TYPE = "fuse.unsealfs";

  private static final String SUBTYPE = "unsealfs";

  /** Longest source in the mount table; the kernel limits all options to a page. */
  private static final int MAX_FS_NAME_CHARS = 1024;

  private MountWords() {}

  /** The data of mount(2): what the kernel itself understands. */
  static String direct(MountOptions options, int device, int maxReadBytes) {
    return "fd="
        + device
        + ",rootmode=40000,user_id=0,group_id=0,default_permissions"
        + (others(options) ? ",allow_other" : "")
        + ",max_read="
        + maxReadBytes;
  }

  /** The {@code -o} of fusermount3. */
  static String fusermount(MountOptions options, int maxReadBytes) throws MountException {
    return "ro,nosuid,nodev,noatime,default_permissions,auto_unmount"
        + (others(options) ? ",allow_other" : "")
        + ",max_read="
        + maxReadBytes
        + ",subtype="
        + SUBTYPE
        + ",fsname="
        + source(options.fsName()).replace("\\", "\\\\").replace(",", "\\,");
  }

  /** A source that the mount table can show. */
  static String source(String fsName) throws MountException {
    if (fsName.isEmpty()
        || fsName.length() > MAX_FS_NAME_CHARS
        || fsName.chars().anyMatch(Character::isISOControl)) {
      throw new MountException(
          "cannot mount: fsname must have 1 to "
              + MAX_FS_NAME_CHARS
              + " characters, none of them a control character");
    }
    return fsName;
  }

  private static boolean others(MountOptions options) {
    return options.allowOther() || !options.allowUids().isEmpty();
  }
}
