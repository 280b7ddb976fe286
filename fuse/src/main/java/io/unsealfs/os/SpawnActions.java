package io.unsealfs.os;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import jnr.ffi.Pointer;

/**
 * Which descriptors a child process starts with. Numbers handed over must be {@link #LOWEST} or
 * above, so that none is overwritten before its turn.
 */
final class SpawnActions implements AutoCloseable {
  /** Least number of a descriptor to hand over. */
  static final int LOWEST = 10;

  /** glibc's and musl's posix_spawn_file_actions_t have 80 bytes. */
  private static final int OPAQUE_BYTES = 256;

  private static final int STANDARD_ERROR = 2;

  private static final byte[] DEV_NULL =
      Libc.terminated("/dev/null".getBytes(StandardCharsets.US_ASCII));

  private final Pointer memory = SpawnCalls.memory(OPAQUE_BYTES);

  SpawnActions() throws SystemCallException {
    check(SpawnCalls.CALLS.posix_spawn_file_actions_init(memory));
  }

  /** Valid until closed. */
  Pointer memory() {
    return memory;
  }

  /** The child has {@code from} as {@code to}. */
  void hand(int from, int to) throws SystemCallException {
    if (from < LOWEST || to >= LOWEST) {
      throw new IllegalArgumentException("descriptor " + from + " as " + to);
    }
    check(SpawnCalls.CALLS.posix_spawn_file_actions_adddup2(memory, from, to));
  }

  /** The child reads nothing. */
  void noInput() throws SystemCallException {
    check(SpawnCalls.CALLS.posix_spawn_file_actions_addopen(memory, 0, DEV_NULL, 0, 0));
  }

  /** The child has none from {@code first} on; to be said last. */
  void closeFrom(int first) throws SystemCallException {
    int result;
    try {
      result = SpawnCalls.CALLS.posix_spawn_file_actions_addclosefrom_np(memory, first);
    } catch (UnsatisfiedLinkError e) {
      closeListedFrom(first); // glibc before 2.34, musl
      return;
    }
    check(result);
  }

  /** Same, for those open now. Numbers that are closed meanwhile do no harm. */
  void closeListedFrom(int first) throws SystemCallException {
    for (int number : InheritedDescriptor.open()) {
      if (number >= first) {
        check(SpawnCalls.CALLS.posix_spawn_file_actions_addclose(memory, number));
      }
    }
  }

  /** The child has the standard streams, {@code kept}, and no other; to be said last. */
  void keepOnly(Collection<Integer> kept) throws SystemCallException {
    int last = STANDARD_ERROR;
    for (int number : kept) {
      last = Math.max(last, number);
    }
    for (int number : InheritedDescriptor.open()) {
      if (number > STANDARD_ERROR && number <= last && !kept.contains(number)) {
        check(SpawnCalls.CALLS.posix_spawn_file_actions_addclose(memory, number));
      }
    }
    closeFrom(last + 1);
  }

  private static void check(int error) throws SystemCallException {
    if (error != 0) {
      throw new SystemCallException("posix_spawn_file_actions", error);
    }
  }

  @Override
  public void close() {
    int _ = SpawnCalls.CALLS.posix_spawn_file_actions_destroy(memory);
  }
}
