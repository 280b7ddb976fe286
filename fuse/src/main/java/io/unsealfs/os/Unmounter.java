package io.unsealfs.os;

/** Takes mounts away, umount2(2). Needs the privilege to mount. */
public final class Unmounter {
  private static final int MNT_FORCE = 1;
  private static final int MNT_DETACH = 2;
  private static final int UMOUNT_NOFOLLOW = 8;

  private Unmounter() {}

  /**
   * Unmounts what is mounted at {@code mountPoint}; a symbolic link there is not followed.
   *
   * @throws SystemCallException EBUSY while somebody uses it, EINVAL if nothing is mounted there
   */
  public static void unmount(byte[] mountPoint) throws SystemCallException {
    call(mountPoint, UMOUNT_NOFOLLOW);
  }

  /**
   * Takes the mount out of the tree at once; it ends when its last user is gone.
   *
   * @throws SystemCallException EINVAL if nothing is mounted there
   */
  public static void detach(byte[] mountPoint) throws SystemCallException {
    call(mountPoint, UMOUNT_NOFOLLOW | MNT_DETACH);
  }

  /**
   * Takes the mount out of the tree at once and, where the file system can, as FUSE, fails what is
   * still asked of it instead of waiting for its last user.
   *
   * @throws SystemCallException EINVAL if nothing is mounted there
   */
  public static void force(byte[] mountPoint) throws SystemCallException {
    call(mountPoint, UMOUNT_NOFOLLOW | MNT_FORCE | MNT_DETACH);
  }

  private static void call(byte[] mountPoint, int flags) throws SystemCallException {
    if (Libc.CALLS.umount2(Libc.terminated(mountPoint), flags) != 0) {
      throw new SystemCallException("umount", Libc.errno());
    }
  }
}
