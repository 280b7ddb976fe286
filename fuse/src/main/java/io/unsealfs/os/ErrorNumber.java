package io.unsealfs.os;

import jnr.constants.platform.Errno;

/** The error numbers of 64-bit Linux that the callers of this package tell apart. */
public final class ErrorNumber {
  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** No such file or directory. */
  public static final int ENOENT = 2;

  /** Interrupted system call. */
  public static final int EINTR = 4;

  /** No such device or address. */
  public static final int ENXIO = 6;

  /** Argument list or value too long. */
  public static final int E2BIG = 7;

  /** Bad file descriptor. */
  public static final int EBADF = 9;

  /** Try again. */
  public static final int EAGAIN = 11;

  /** Permission denied. */
  public static final int EACCES = 13;

  /** Device or resource busy. */
  public static final int EBUSY = 16;

  /** File exists. */
  public static final int EEXIST = 17;

  /** No such device. */
  public static final int ENODEV = 19;

  /** Not a directory. */
  public static final int ENOTDIR = 20;

  /** Invalid argument. */
  public static final int EINVAL = 22;

  /** No space left on device. */
  public static final int ENOSPC = 28;

  /** Result too large for the buffer. */
  public static final int ERANGE = 34;

  /** Name too long. */
  public static final int ENAMETOOLONG = 36;

  /** Function not implemented. */
  public static final int ENOSYS = 38;

  /** Directory not empty. */
  public static final int ENOTEMPTY = 39;

  /** A symbolic link where none is followed, or too many. */
  public static final int ELOOP = 40;

  /** No such attribute. */
  public static final int ENODATA = 61;

  /** Operation not supported. */
  public static final int EOPNOTSUPP = 95;

  /** Transport endpoint is not connected: a FUSE mount whose server died. */
  public static final int ENOTCONN = 107;

  /** Stale file handle. */
  public static final int ESTALE = 116;

  private ErrorNumber() {}

  /** The system's words for {@code number}. */
  public static String text(int number) {
    for (Errno known : Errno.values()) {
      if (known.defined() && known.intValue() == number) {
        return known.description();
      }
    }
    return "error " + number;
  }
}
