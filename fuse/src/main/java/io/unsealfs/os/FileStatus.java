package io.unsealfs.os;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What statx(2) says about a file, whose layout is the same on every architecture.
 *
 * @param mode type and permission bits, as st_mode
 * @param device major number in the upper, minor number in the lower 32 bits
 * @param inode inode number, unique within {@code device}
 * @param size bytes
 * @param blocks allocated 512-byte units
 * @param modifiedSeconds last change of content, seconds since 1970 and nanoseconds past them
 * @param changedSeconds last change of the inode, likewise
 * @param deviceNumber device of a device node, encoded as st_rdev
 */
public record FileStatus(
    int mode,
    long device,
    long inode,
    long size,
    long blocks,
    int linkCount,
    int uid,
    int gid,
    long modifiedSeconds,
    int modifiedNanos,
    long changedSeconds,
    int changedNanos,
    long deviceNumber) {

  /** Bits of {@link #mode} that hold the type. */
  public static final int TYPE_MASK = 0xf000;

  /** Type of a regular file. */
  public static final int REGULAR = 0x8000;

  /** Type of a directory. */
  public static final int DIRECTORY = 0x4000;

  /** Type of a symbolic link. */
  public static final int SYMLINK = 0xa000;

  /** Type of a named pipe. */
  public static final int FIFO = 0x1000;

  /** Type of a socket. */
  public static final int SOCKET = 0xc000;

  /** Type of a character device. */
  public static final int CHARACTER_DEVICE = 0x2000;

  /** Type of a block device. */
  public static final int BLOCK_DEVICE = 0x6000;

  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_NO_AUTOMOUNT = 0x800;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STRUCT_BYTES = 256;
  private static final byte[] EMPTY_PATH = {0};

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());

  /** The status of what {@code descriptor} is open on. */
  public static FileStatus of(Descriptor descriptor) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      return call(fd, EMPTY_PATH, AT_EMPTY_PATH);
    } finally {
      descriptor.release();
    }
  }

  /** The status of the entry {@code name} of {@code directory}; a symbolic link is not followed. */
  public static FileStatus ofEntry(Descriptor directory, byte[] name) throws SystemCallException {
    int fd = directory.acquire();
    try {
      return call(fd, Libc.terminated(name), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    } finally {
      directory.release();
    }
  }

  private static FileStatus call(int fd, byte[] path, int flags) throws SystemCallException {
    byte[] status = new byte[STRUCT_BYTES];
    if (Libc.CALLS.statx(fd, path, flags, STATX_BASIC_STATS, status) != 0) {
      throw new SystemCallException("statx", Libc.errno());
    }
    long rdevMajor = integer(status, 0x80);
    long rdevMinor = integer(status, 0x84);
    return new FileStatus(
        Short.toUnsignedInt((short) SHORTS.get(status, 0x1c)),
        (Integer.toUnsignedLong(integer(status, 0x88)) << 32)
            | Integer.toUnsignedLong(integer(status, 0x8c)),
        number(status, 0x20),
        number(status, 0x28),
        number(status, 0x30),
        integer(status, 0x10),
        integer(status, 0x14),
        integer(status, 0x18),
        number(status, 0x70),
        integer(status, 0x78),
        number(status, 0x60),
        integer(status, 0x68),
        ((rdevMajor & 0xfffff000L) << 32)
            | ((rdevMajor & 0xfffL) << 8)
            | ((rdevMinor & 0xffffff00L) << 12)
            | (rdevMinor & 0xffL));
  }

  private static long number(byte[] status, int offset) {
    return (long) LONGS.get(status, offset);
  }

  private static int integer(byte[] status, int offset) {
    return (int) INTS.get(status, offset);
  }

  /** The type bits of {@link #mode}: one of this class's constants. */
  public int type() {
    return mode & TYPE_MASK;
  }
}
