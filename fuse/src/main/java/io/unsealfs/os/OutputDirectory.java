package io.unsealfs.os;

import io.unsealfs.os.PathOpener.Access;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * An open directory to create entries in. Names are bytes and checked to be one entry of this
 * directory: never empty, {@code .}, {@code ..}, nor with a slash or NUL in it. Nothing that exists
 * is ever opened for writing or followed; every call that creates fails with EEXIST instead.
 */
public final class OutputDirectory implements Writable, Closeable {
  /** Only the owner looks in until the real mode is set. */
  private static final int PRIVATE_DIRECTORY = 0700;

  private static final int PRIVATE_FILE = 0600;

  private final Descriptor descriptor;

  private OutputDirectory(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /** Opens the directory {@code path}, whose symbolic links are followed. */
  public static OutputDirectory open(byte[] path) throws SystemCallException {
    try (Descriptor root = PathOpener.openRoot(path)) {
      return new OutputDirectory(PathOpener.best().open(root, new byte[0], Access.DIRECTORY));
    }
  }

  /** Opens the directory at {@code relativePath}, through no symbolic link; empty for this one. */
  public OutputDirectory beneath(byte[] relativePath) throws SystemCallException {
    return new OutputDirectory(PathOpener.best().open(descriptor, relativePath, Access.DIRECTORY));
  }

  /** The user whose rights this process has; 0 is root, who may give files away. */
  public static int effectiveUser() {
    return WriteCalls.CALLS.geteuid();
  }

  @Override
  public Descriptor descriptor() {
    return descriptor;
  }

  /** Creates a directory of mode 0700. */
  public void createDirectory(byte[] name) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside("mkdirat", fd -> WriteCalls.CALLS.mkdirat(fd, entry, PRIVATE_DIRECTORY));
  }

  /** Creates an empty regular file of mode 0600 and opens it for writing. */
  public OutputFile createFile(byte[] name) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    int flags =
        WriteCalls.O_WRONLY
            | WriteCalls.O_CREAT
            | WriteCalls.O_EXCL
            | OpenFlags.NOFOLLOW
            | OpenFlags.CLOEXEC;
    int fd = descriptor.acquire();
    try {
      int opened = WriteCalls.CALLS.openat(fd, entry, flags, PRIVATE_FILE);
      return new OutputFile(Descriptor.opened("openat", opened));
    } finally {
      descriptor.release();
    }
  }

  /** Creates a small regular file of this content and mode, and waits until it is stored. */
  public void createFile(byte[] name, byte[] content, int mode) throws SystemCallException {
    try (OutputFile file = createFile(name)) {
      file.write(ByteBuffer.allocateDirect(content.length).put(content).flip(), 0);
      file.mode(mode);
      file.sync();
    }
  }

  /** Creates a symbolic link to {@code target}, 1 to 4095 bytes. */
  public void createSymlink(byte[] name, byte[] target) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    byte[] content = Checked.linkTarget(target);
    inside("symlinkat", fd -> WriteCalls.CALLS.symlinkat(content, fd, entry));
  }

  /** Creates a named pipe of mode 0600. */
  public void createFifo(byte[] name) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside("mkfifoat", fd -> WriteCalls.CALLS.mkfifoat(fd, entry, PRIVATE_FILE));
  }

  /** Creates another name for the entry {@code existing} of {@code from}. */
  public void createLink(byte[] name, OutputDirectory from, byte[] existing)
      throws SystemCallException {
    byte[] entry = Checked.entry(name);
    byte[] source = Checked.entry(existing);
    int fromFd = from.descriptor.acquire();
    try {
      inside("linkat", fd -> WriteCalls.CALLS.linkat(fromFd, source, fd, entry, 0));
    } finally {
      from.descriptor.release();
    }
  }

  /** Sets the owner of an entry; of a symbolic link, its own. */
  public void entryOwner(byte[] name, int uid, int gid) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside(
        "fchownat",
        fd -> WriteCalls.CALLS.fchownat(fd, entry, uid, gid, WriteCalls.AT_SYMLINK_NOFOLLOW));
  }

  /** Sets the modification time of an entry; of a symbolic link, its own. */
  public void entryModified(byte[] name, long seconds, int nanos) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    byte[] times = FileTimes.modified(seconds, nanos);
    inside(
        "utimensat",
        fd -> WriteCalls.CALLS.utimensat(fd, entry, times, WriteCalls.AT_SYMLINK_NOFOLLOW));
  }

  /**
   * Sets the mode of an entry that the caller knows to be no symbolic link: fchmodat(2) would
   * follow it.
   */
  public void entryMode(byte[] name, int mode) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside("fchmodat", fd -> WriteCalls.CALLS.fchmodat(fd, entry, mode, 0));
  }

  /** Removes an entry that is no directory. */
  public void removeFile(byte[] name) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside("unlinkat", fd -> WriteCalls.CALLS.unlinkat(fd, entry, 0));
  }

  /** Removes an empty directory. */
  public void removeDirectory(byte[] name) throws SystemCallException {
    byte[] entry = Checked.entry(name);
    inside("unlinkat", fd -> WriteCalls.CALLS.unlinkat(fd, entry, WriteCalls.AT_REMOVEDIR));
  }

  /**
   * Renames the directory {@code from} of this directory to {@code to}, which must not exist. Where
   * the file system cannot promise that (EINVAL, ENOSYS) the plain rename is used, which replaces
   * nothing but an empty directory.
   */
  public void renameDirectoryToNew(byte[] from, byte[] to) throws SystemCallException {
    byte[] source = Checked.entry(from);
    byte[] target = Checked.entry(to);
    try {
      inside(
          "renameat2",
          fd -> WriteCalls.CALLS.renameat2(fd, source, fd, target, WriteCalls.RENAME_NOREPLACE));
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.EINVAL && e.errno() != ErrorNumber.ENOSYS) {
        throw e;
      }
      renameDirectoryOverEmpty(from, to);
    }
  }

  /**
   * Renames the file {@code from} of this directory to {@code to}, which must not exist. Where the
   * file system cannot promise that, a second name is made and the first removed.
   */
  public void renameFileToNew(byte[] from, byte[] to) throws SystemCallException {
    byte[] source = Checked.entry(from);
    byte[] target = Checked.entry(to);
    try {
      inside(
          "renameat2",
          fd -> WriteCalls.CALLS.renameat2(fd, source, fd, target, WriteCalls.RENAME_NOREPLACE));
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.EINVAL && e.errno() != ErrorNumber.ENOSYS) {
        throw e;
      }
      createLink(to, this, from);
      removeFile(from);
    }
  }

  /** Renames a file; another one that is called {@code to} is replaced. */
  public void renameFile(byte[] from, byte[] to) throws SystemCallException {
    rename(from, to);
  }

  /** As {@link #renameDirectoryToNew}, but {@code to} may also be an empty directory. */
  public void renameDirectoryOverEmpty(byte[] from, byte[] to) throws SystemCallException {
    rename(from, to);
  }

  private void rename(byte[] from, byte[] to) throws SystemCallException {
    byte[] source = Checked.entry(from);
    byte[] target = Checked.entry(to);
    inside("renameat", fd -> WriteCalls.CALLS.renameat(fd, source, fd, target));
  }

  /** Closes; idempotent. */
  @Override
  public void close() {
    descriptor.close();
  }

  private interface Call {
    int on(int descriptor);
  }

  private void inside(String name, Call call) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      Checked.call(name, call.on(fd));
    } finally {
      descriptor.release();
    }
  }
}
