package io.unsealfs.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** The C library's functions for running somebody else's program. Loaded only where one is run. */
final class ProgramCalls {
  /** The loaded library. */
  static final Functions CALLS = LibraryLoader.create(Functions.class).failImmediately().load("c");

  private ProgramCalls() {}

  /** Public because the code jnr-ffi generates lives in a class loader of its own. */
  public interface Functions {
    int waitid(int kind, int id, @Out byte[] information, int options);

    int unshare(int flags);

    int execve(@In byte[] path, Pointer arguments, Pointer environment);

    // These return the error number itself.
    int posix_spawnattr_init(Pointer attributes);

    int posix_spawnattr_destroy(Pointer attributes);

    int posix_spawnattr_setflags(Pointer attributes, short flags);

    int posix_spawnattr_setsigmask(Pointer attributes, @In byte[] signals);

    int posix_spawnp(
        @Out int[] pid,
        @In byte[] file,
        Pointer actions,
        Pointer attributes,
        Pointer arguments,
        Pointer environment);
  }
}
