package io.unsealfs.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions that start a program with chosen descriptors, which {@link
 * ProcessBuilder} cannot: it closes all above 2. Loaded only where a mount needs them.
 */
final class SpawnCalls {
  /** The loaded library. */
  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private static final Runtime RUNTIME = Runtime.getRuntime(CALLS);

  private SpawnCalls() {}

  /** Zeros outside the heap, given back when nothing refers to them any more. */
  static Pointer memory(int bytes) {
    return Memory.allocateDirect(RUNTIME, bytes, true);
  }

  /** Public because the code jnr-ffi generates lives in a class loader of its own. */
  public interface Functions {
    int socketpair(int domain, int type, int protocol, @Out int[] pair);

    int pipe2(@Out int[] pair, int flags);

    int poll(@In @Out byte[] descriptors, long count, int timeoutMillis);

    long recvmsg(int descriptor, Pointer message, int flags);

    long read(int descriptor, @Out byte[] buffer, long count);

    int waitpid(int pid, @Out int[] status, int options);

    int kill(int pid, int signal);

    // These return the error number itself.
    int posix_spawn_file_actions_init(Pointer actions);

    int posix_spawn_file_actions_destroy(Pointer actions);

    int posix_spawn_file_actions_adddup2(Pointer actions, int from, int to);

    int posix_spawn_file_actions_addclose(Pointer actions, int descriptor);

    int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int from);

    int posix_spawn_file_actions_addopen(
        Pointer actions, int descriptor, @In byte[] path, int flags, int mode);

    int posix_spawn(
        @Out int[] pid,
        @In byte[] path,
        Pointer actions,
        @Nullable Pointer attributes,
        Pointer arguments,
        Pointer environment);
  }
}
