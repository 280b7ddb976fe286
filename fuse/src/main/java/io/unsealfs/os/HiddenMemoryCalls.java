package io.unsealfs.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Pinned;
import org.jspecify.annotations.Nullable;

/**
 * The calls behind {@link HiddenMemory}, apart from the others since few mounts need them. The
 * system calls of the new mount interface are made by number: glibc wraps them from 2.36 on only.
 * Their numbers are the same on x86-64 and aarch64.
 *
 * <p>Public only because the generated implementation lives with another class loader; not for
 * other packages.
 */
public interface HiddenMemoryCalls {
  /** The loaded library. */
  HiddenMemoryCalls CALLS =
      LibraryLoader.create(HiddenMemoryCalls.class).failImmediately().load("c");

  long SYS_FSOPEN = 430;
  long SYS_FSCONFIG = 431;
  long SYS_FSMOUNT = 432;

  // fsopen(type, flags)
  long syscall(long number, @In byte[] type, long flags);

  // fsconfig(context, command, key, value, auxiliary)
  long syscall(
      long number,
      long context,
      long command,
      @In byte @Nullable [] key,
      @In byte @Nullable [] value,
      long auxiliary);

  // fsmount(context, flags, attributes)
  long syscall(long number, long context, long flags, long attributes);

  // pinned: for memory to memory copies of a MiB, which nobody waits for
  long pwrite(int descriptor, @In @Pinned byte[] plaintext, long count, long offset);
}
