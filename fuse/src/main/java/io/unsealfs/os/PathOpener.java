package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Opens what lies beneath a directory without following any symbolic link, without leaving the
 * directory and without waiting for the other end of a FIFO. Paths are bytes and may be longer than
 * PATH_MAX.
 */
public final class PathOpener {

  /** What a descriptor is opened for. */
  public enum Access {
    /** As a handle only (O_PATH): status, link target, extended attributes. Opens any kind. */
    PATH(OpenFlags.PATH | OpenFlags.NOFOLLOW | OpenFlags.CLOEXEC),
    /** To read bytes; the caller checks that it got a regular file. */
    READ(OpenFlags.NONBLOCK | OpenFlags.NOCTTY | OpenFlags.NOFOLLOW | OpenFlags.CLOEXEC),
    /** To list a directory. */
    DIRECTORY(OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW | OpenFlags.CLOEXEC);

    private final int flags;

    Access(int flags) {
      this.flags = flags;
    }
  }

  private static final int STEP =
      OpenFlags.PATH | OpenFlags.DIRECTORY | OpenFlags.NOFOLLOW | OpenFlags.CLOEXEC;
  private static final int PATH_MAX = 4096;
  private static final long SYS_OPENAT2 = 437;
  private static final long RESOLVE_NO_MAGICLINKS_NO_SYMLINKS_BENEATH = 0x02 | 0x04 | 0x08;
  private static final int OPEN_HOW_BYTES = 24;
  private static final int AT_FDCWD = -100;
  private static final int ATTEMPTS = 100;
  private static final byte[] SELF = {'.'};

  private static final class Best {
    // Old kernels have no openat2 (ENOSYS) and some seccomp filters refuse it (EPERM).
    private static final PathOpener OPENER = new PathOpener(openat2Works());

    private static boolean openat2Works() {
      long fd = openat2(AT_FDCWD, SELF, STEP);
      if (fd >= 0) {
        int _ = Libc.CALLS.close((int) fd);
        return true;
      }
      int errno = Libc.errno();
      return errno != ErrorNumber.ENOSYS && errno != ErrorNumber.EPERM;
    }
  }

  private final boolean useOpenat2;

  private PathOpener(boolean useOpenat2) {
    this.useOpenat2 = useOpenat2;
  }

  /** The best this kernel offers: openat2(2), otherwise {@link #componentWalk()}. */
  public static PathOpener best() {
    return Best.OPENER;
  }

  /** Opens directory by directory with O_NOFOLLOW; works on every kernel. */
  public static PathOpener componentWalk() {
    return new PathOpener(false);
  }

  /** A handle (O_PATH) on the directory {@code path}, whose symbolic links are followed. */
  public static Descriptor openRoot(byte[] path) throws SystemCallException {
    requireNoNul(path);
    return Descriptor.opened(
        "open",
        Libc.CALLS.open(
            Libc.terminated(path), OpenFlags.PATH | OpenFlags.DIRECTORY | OpenFlags.CLOEXEC, 0));
  }

  /**
   * Opens {@code relativePath} beneath {@code root}.
   *
   * @param relativePath names separated by single slashes, none of them {@code .} or {@code ..};
   *     empty for the root itself
   * @throws SystemCallException ELOOP where a symbolic link would have to be followed, EINVAL for a
   *     path of another shape
   */
  public Descriptor open(Descriptor root, byte[] relativePath, Access access)
      throws SystemCallException {
    if (relativePath.length == 0) {
      return step(root, SELF, access.flags);
    }
    requireProper(relativePath);
    Descriptor at = root;
    try {
      int from = 0;
      while (true) {
        int end = chunkEnd(relativePath, from);
        boolean last = end == relativePath.length;
        byte[] chunk = Arrays.copyOfRange(relativePath, from, end);
        Descriptor next = step(at, chunk, last ? access.flags : STEP);
        if (last) {
          return next;
        }
        if (at != root) {
          at.close();
        }
        at = next;
        from = end + 1;
      }
    } finally {
      if (at != root) {
        at.close();
      }
    }
  }

  /** End of the longest run of whole names that one call may take; exclusive. */
  private int chunkEnd(byte[] path, int from) {
    int end = nameEnd(path, from);
    while (useOpenat2 && end < path.length) {
      int next = nameEnd(path, end + 1);
      if (next - from >= PATH_MAX) {
        break;
      }
      end = next;
    }
    return end;
  }

  private static int nameEnd(byte[] path, int from) {
    int end = from;
    while (end < path.length && path[end] != '/') {
      end++;
    }
    return end;
  }

  private Descriptor step(Descriptor directory, byte[] path, int flags) throws SystemCallException {
    int fd = directory.acquire();
    try {
      return useOpenat2 ? stepOpenat2(fd, path, flags) : stepOpenat(directory, fd, path, flags);
    } finally {
      directory.release();
    }
  }

  private static Descriptor stepOpenat2(int fd, byte[] path, int flags) throws SystemCallException {
    int errno = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long opened = openat2(fd, path, flags);
      if (opened >= 0) {
        return new Descriptor((int) opened);
      }
      errno = Libc.errno();
      // EAGAIN: something was renamed or mounted during the walk.
      if (errno != ErrorNumber.EAGAIN && errno != ErrorNumber.EINTR) {
        break;
      }
    }
    throw new SystemCallException("openat2", errno);
  }

  private static Descriptor stepOpenat(Descriptor directory, int fd, byte[] name, int flags)
      throws SystemCallException {
    int errno = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int opened = Libc.CALLS.openat(fd, Libc.terminated(name), flags, 0);
      if (opened >= 0) {
        return new Descriptor(opened);
      }
      errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        break;
      }
    }
    // With O_DIRECTORY a link is "not a directory"; say what openat2 says.
    if (errno == ErrorNumber.ENOTDIR
        && FileStatus.ofEntry(directory, name).type() == FileStatus.SYMLINK) {
      errno = ErrorNumber.ELOOP;
    }
    throw new SystemCallException("openat", errno);
  }

  private static long openat2(int fd, byte[] path, int flags) {
    // RESOLVE_NO_SYMLINKS refuses a link at the end as well, and as ELOOP where O_NOFOLLOW with
    // O_DIRECTORY would say ENOTDIR. Only to open a link itself takes O_NOFOLLOW.
    int wanted = (flags & OpenFlags.DIRECTORY) == 0 ? flags : flags & ~OpenFlags.NOFOLLOW;
    byte[] how = new byte[OPEN_HOW_BYTES];
    ByteBuffer.wrap(how)
        .order(ByteOrder.nativeOrder())
        .putLong(wanted)
        .putLong(0)
        .putLong(RESOLVE_NO_MAGICLINKS_NO_SYMLINKS_BENEATH);
    return Libc.CALLS.syscall(SYS_OPENAT2, fd, Libc.terminated(path), how, how.length);
  }

  private static void requireNoNul(byte[] path) throws SystemCallException {
    for (byte b : path) {
      if (b == 0) {
        throw new SystemCallException("open", ErrorNumber.EINVAL);
      }
    }
  }

  private static void requireProper(byte[] path) throws SystemCallException {
    requireNoNul(path);
    int from = 0;
    while (from <= path.length) {
      int end = nameEnd(path, from);
      int length = end - from;
      boolean dots = length > 0 && length <= 2 && path[from] == '.' && path[end - 1] == '.';
      if (length == 0 || dots) {
        throw new SystemCallException("open", ErrorNumber.EINVAL);
      }
      from = end + 1;
    }
  }
}
