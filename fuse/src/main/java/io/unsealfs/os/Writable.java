package io.unsealfs.os;

/**
 * What can be set on an object of ours through its open descriptor. Order matters to the kernel:
 * changing the owner drops set-id bits, so owner, extended attributes, mode, times.
 */
public sealed interface Writable permits OutputDirectory, OutputFile {

  /** The open descriptor. */
  Descriptor descriptor();

  /** Sets numeric owner and group, fchown(2). */
  default void owner(int uid, int gid) throws SystemCallException {
    int fd = descriptor().acquire();
    try {
      Checked.call("fchown", WriteCalls.CALLS.fchown(fd, uid, gid));
    } finally {
      descriptor().release();
    }
  }

  /** Sets the permission bits (0 to 07777), fchmod(2). */
  default void mode(int mode) throws SystemCallException {
    int fd = descriptor().acquire();
    try {
      Checked.call("fchmod", WriteCalls.CALLS.fchmod(fd, mode));
    } finally {
      descriptor().release();
    }
  }

  /** Sets the time of the last change of content: seconds since 1970, nanoseconds past that. */
  default void modified(long seconds, int nanos) throws SystemCallException {
    int fd = descriptor().acquire();
    try {
      Checked.call("futimens", WriteCalls.CALLS.futimens(fd, FileTimes.modified(seconds, nanos)));
    } finally {
      descriptor().release();
    }
  }

  /** Sets an extended attribute; the name carries its namespace. */
  default void attribute(byte[] name, byte[] value) throws SystemCallException {
    byte[] terminated = Libc.terminated(Checked.attributeName(name));
    byte[] notEmpty = value.length == 0 ? new byte[1] : value;
    int fd = descriptor().acquire();
    try {
      Checked.call(
          "fsetxattr", WriteCalls.CALLS.fsetxattr(fd, terminated, notEmpty, value.length, 0));
    } finally {
      descriptor().release();
    }
  }

  /** Waits until content and attributes are on stable storage, fsync(2). */
  default void sync() throws SystemCallException {
    int fd = descriptor().acquire();
    try {
      Checked.call("fsync", WriteCalls.CALLS.fsync(fd));
    } finally {
      descriptor().release();
    }
  }
}
