package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.util.Arrays;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions this package calls, glibc on 64-bit Linux. Paths and names are
 * NUL-terminated bytes. A result of -1 leaves its reason in {@link #errno()} of the same thread.
 */
final class Libc {

  /** The loaded library. */
  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private static final Runtime RUNTIME = Runtime.getRuntime(CALLS);

  private Libc() {}

  /** Error number of this thread's last call that failed. */
  static int errno() {
    return RUNTIME.getLastError();
  }

  /** The {@code size} bytes of native memory at {@code address}. */
  static Pointer pointer(long address, long size) {
    return Pointer.wrap(RUNTIME, address, size);
  }

  /** {@code bytes} with a terminating NUL. */
  static byte[] terminated(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  /**
   * The functions themselves. Public because the code jnr-ffi generates lives in a class loader of
   * its own; out of reach all the same, since the class around it is not.
   */
  public interface Functions {
    int open(@In byte[] path, int flags, int mode);

    int openat(int directory, @In byte[] path, int flags, int mode);

    // The only raw system call of this shape is openat2, which glibc does not wrap.
    long syscall(long number, long directory, @In byte[] path, @In byte[] how, long howSize);

    int close(int descriptor);

    int statx(int directory, @In byte[] path, int flags, int mask, @Out byte[] status);

    long pread(int descriptor, @Out ByteBuffer directBuffer, long count, long offset);

    long readlinkat(int directory, @In byte[] path, @Out byte[] target, long size);

    long getdents64(int directory, @Out byte[] entries, long size);

    long getxattr(@In byte[] path, @In byte[] name, @Out byte[] value, long size);

    long listxattr(@In byte[] path, @Out byte[] names, long size);

    int fstatfs(int descriptor, @Out byte[] status);

    // A Pointer, not a long: with six plain numbers the call stub of jnr-ffi 2.2.17 passes the last
    // ones wrongly on x86-64 (EINVAL).
    long mmap(
        @Nullable Pointer address,
        long length,
        int protection,
        int flags,
        int descriptor,
        long offset);

    int munmap(long address, long length);

    int mlock(long address, long length);

    int madvise(long address, long length, int advice);

    long sysconf(int name);

    // The further arguments of prctl mean nothing to the options used here.
    int prctl(int option, long argument);

    int getrlimit(int resource, @Out byte[] limits);

    int setrlimit(int resource, @In byte[] limits);

    int setsid();

    int chdir(@In byte[] path);

    int dup2(int from, int to);

    int fcntl(int descriptor, int command, long argument);

    long read(int descriptor, @Out ByteBuffer directBuffer, long count);

    long write(int descriptor, @In byte[] buffer, long count);

    int umount2(@In byte[] target, int flags);

    int getpid();

    int geteuid();
  }
}
