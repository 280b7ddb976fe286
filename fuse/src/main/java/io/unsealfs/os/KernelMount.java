package io.unsealfs.os;

import java.nio.charset.StandardCharsets;

/** Makes mounts, mount(2). Needs the privilege to mount; {@link Unmounter} takes them away. */
public final class KernelMount {
  /** Nothing can be written. */
  public static final long RDONLY = 1;

  /** Set-id bits mean nothing. */
  public static final long NOSUID = 2;

  /** Device files cannot be opened. */
  public static final long NODEV = 4;

  /** Nothing can be executed. */
  public static final long NOEXEC = 8;

  /** Times of access are not kept. */
  public static final long NOATIME = 1024;

  private KernelMount() {}

  /**
   * Mounts.
   *
   * @param source what the mount table shall show
   * @param target absolute path of the mount point
   * @param type file system type, such as {@code fuse.unsealfs}
   * @param flags sum of this class's constants
   * @param data options of the file system, separated by commas
   * @throws SystemCallException EPERM without the privilege, EINVAL if a text has a NUL inside or
   *     the file system refuses its options, ENODEV if the kernel does not know the type
   */
  public static void mount(byte[] source, byte[] target, String type, long flags, byte[] data)
      throws SystemCallException {
    int result =
        Libc.CALLS.mount(
            text(source),
            text(target),
            text(type.getBytes(StandardCharsets.US_ASCII)),
            flags,
            text(data));
    Checked.call("mount", result);
  }

  private static byte[] text(byte[] bytes) throws SystemCallException {
    for (byte b : bytes) {
      if (b == 0) {
        throw new SystemCallException("mount", ErrorNumber.EINVAL);
      }
    }
    return Libc.terminated(bytes);
  }
}
