package io.unsealfs.os;

import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;

/**
 * The C library's functions that change a file system, apart from those that read, so that the read
 * path cannot reach them by accident. Paths and names are NUL-terminated bytes. A result of -1
 * leaves its reason in {@link Libc#errno()} of the same thread.
 *
 * <p>Public only because the generated implementation lives with another class loader; not for
 * other packages.
 */
public interface WriteCalls {

  /** The loaded library. */
  WriteCalls CALLS = LibraryLoader.create(WriteCalls.class).failImmediately().load("c");

  int O_WRONLY = 0x1;
  int O_CREAT = 0x40;
  int O_EXCL = 0x80;
  int AT_SYMLINK_NOFOLLOW = 0x100;
  int AT_REMOVEDIR = 0x200;
  int RENAME_NOREPLACE = 1;
  int MFD_CLOEXEC = 1;
  int SEEK_DATA = 3;
  int SEEK_HOLE = 4;

  int openat(int directory, @In byte[] name, int flags, int mode);

  long pwrite(int descriptor, @In ByteBuffer directBuffer, long count, long offset);

  int ftruncate(int descriptor, long size);

  int memfd_create(@In byte[] name, int flags);

  long lseek(int descriptor, long offset, int whence);

  int fsync(int descriptor);

  int mkdirat(int directory, @In byte[] name, int mode);

  int symlinkat(@In byte[] target, int directory, @In byte[] name);

  int linkat(int fromDirectory, @In byte[] from, int toDirectory, @In byte[] to, int flags);

  int mkfifoat(int directory, @In byte[] name, int mode);

  int fchmod(int descriptor, int mode);

  int fchmodat(int directory, @In byte[] name, int mode, int flags);

  int fchown(int descriptor, int uid, int gid);

  int fchownat(int directory, @In byte[] name, int uid, int gid, int flags);

  int futimens(int descriptor, @In byte[] times);

  int utimensat(int directory, @In byte[] name, @In byte[] times, int flags);

  int fsetxattr(int descriptor, @In byte[] name, @In byte[] value, long size, int flags);

  int renameat(int fromDirectory, @In byte[] from, int toDirectory, @In byte[] to);

  int renameat2(int fromDirectory, @In byte[] from, int toDirectory, @In byte[] to, int flags);

  int unlinkat(int directory, @In byte[] name, int flags);

  int geteuid();
}
