package io.unsealfs.mount.point;

import io.unsealfs.mount.MountException;

/** The source as the mount table shows it. */
public final class FsName {
  /** The kernel limits all options of a mount to a page. */
  private static final int MOST_CHARS = 1024;

  private FsName() {}

  /**
   * Refuses what the mount table could not show.
   *
   * @throws MountException unless it has 1 to 1024 characters, none of them a control character
   */
  public static void check(String fsName) throws MountException {
    if (fsName.isEmpty()
        || fsName.length() > MOST_CHARS
        || fsName.chars().anyMatch(Character::isISOControl)) {
      throw new MountException(
          "cannot mount: fsname must have 1 to "
              + MOST_CHARS
              + " characters, none of them a control character");
    }
  }

  /** As the value of {@code fsname=} in a list of options, checked. */
  public static String escaped(String fsName) throws MountException {
    check(fsName);
    return fsName.replace("\\", "\\\\").replace(",", "\\,");
  }
}
