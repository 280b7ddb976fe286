package io.unsealfs.mount.kernel;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.FsName;
import io.unsealfs.os.KernelMount;

/** The option lists that mount(2) and fusermount3 take. */
final class MountWords {
  /** File system type in the mount table. */
  static final String TYPE = "fuse.unsealfs";

  private static final String SUBTYPE = "unsealfs";

  private MountWords() {}

  /** The flags of mount(2). */
  static long flags(MountOptions options) {
    return KernelMount.NODEV
        | KernelMount.NOSUID
        | KernelMount.RDONLY
        | KernelMount.NOATIME
        | (options.noExec() ? KernelMount.NOEXEC : 0);
  }

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
        + (options.noExec() ? ",noexec" : "")
        + (others(options) ? ",allow_other" : "")
        + ",max_read="
        + maxReadBytes
        + ",subtype="
        + SUBTYPE
        + ",fsname="
        + FsName.escaped(options.fsName());
  }

  private static boolean others(MountOptions options) {
    return options.allowOther() || !options.allowUids().isEmpty();
  }
}
