package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.util.Arrays;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Pinned;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions this package calls, glibc on 64-bit Linux. Paths and names are
 * NUL-terminated bytes. A result of -1 leaves its reason in {@link #errno()} of the same thread.
 */
final class Libc {

  /** The loaded library. */
  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private static final Runtime RUNTIME = Runtime.getRuntime(CALLS);

  /** The same library for calls that write straight into heap arrays. */
  static final HeapFunctions HEAP_CALLS =
      LibraryLoader.create(HeapFunctions.class).failImmediately().load("c");

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

    int posix_fadvise(int descriptor, long offset, long length, int advice);

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

    int setpriority(int which, int who, int priority);

    int getrlimit(int resource, @Out byte[] limits);

    int setrlimit(int resource, @In byte[] limits);

    int setsid();

    int chdir(@In byte[] path);

    int dup2(int from, int to);

    int fcntl(int descriptor, int command, long argument);

    long read(int descriptor, @Out ByteBuffer directBuffer, long count);

    // For pipes, which may block: a pinned array would make the collector wait as long.
    long write(int descriptor, @In ByteBuffer directBuffer, long count);

    int umount2(@In byte[] target, int flags);

    // The FUSE device and its mount. Here and not in an interface of their own, since to load one
    // delays the start (about 0.1 s on a busy machine). Pinned: the kernel reads the reply where it
    // lies in the heap, and waits for nobody while it does.
    long write(int descriptor, @In @Pinned byte[] reply, long count);

    int ioctl(int descriptor, long request, @In byte[] argument);

    int mount(
        @In byte[] source, @In byte[] target, @In byte[] type, long flags, @In byte[] options);

    int getpid();

    int geteuid();
  }

  /**
   * Calls for which the array stays where it is, so that the kernel writes into it and nothing is
   * copied. While one runs, collectors that cannot leave a region alone (all but G1 and those after
   * it) wait for it, and with them every thread that needs memory: for short calls on local files.
   */
  public interface HeapFunctions {
    long pread(int descriptor, @Out @Pinned ByteBuffer heapBuffer, long count, long offset);
  }
}
