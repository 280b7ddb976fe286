package io.unsealfs.os;

import java.util.Collection;
import java.util.List;
import jnr.ffi.Pointer;

/**
 * A command of the user's that runs below this process: with the standard streams and those
 * descriptors that the caller left open, in the same process group and session. {@link
 * ProcessBuilder} would close all above 2 and let it start with a signal blocked.
 */
public final class CommandProcess {
  /** glibc's posix_spawnattr_t has 336 bytes. */
  private static final int ATTRIBUTES_BYTES = 512;

  private static final short SET_SIGNAL_MASK = 0x08;
  private static final int SIGNAL_SET_BYTES = 128;
  private static final int P_PID = 1;
  private static final int WEXITED = 4;
  private static final int WNOWAIT = 0x01000000;
  private static final int SIGNAL_INFORMATION_BYTES = 128;

  private final ChildProcess child;
  private final int pid;
  private boolean collected; // guarded by this

  private CommandProcess(int pid) {
    this.pid = pid;
    this.child = new ChildProcess(pid);
  }

  /**
   * Starts a command. It is looked up on the PATH, in the child: this process touches no file of
   * it, so that it may lie on a mount that this process serves.
   *
   * @param words the command and its arguments
   * @param environment {@code NAME=value}; nothing of this process's environment is added
   * @param kept descriptors above 2 that it shall have; it gets no other
   * @throws SystemCallException ENOENT, EACCES and what else execve(2) says
   */
  public static CommandProcess start(
      List<byte[]> words, List<byte[]> environment, Collection<Integer> kept)
      throws SystemCallException {
    Pointer attributes = SpawnCalls.memory(ATTRIBUTES_BYTES);
    check(ProgramCalls.CALLS.posix_spawnattr_init(attributes));
    try (SpawnActions actions = new SpawnActions()) {
      // closed before the program is opened: a child that held the FUSE device would keep the
      // connection alive that it waits for, should this process be killed just then
      actions.keepOnly(kept);
      check(ProgramCalls.CALLS.posix_spawnattr_setflags(attributes, SET_SIGNAL_MASK));
      check(ProgramCalls.CALLS.posix_spawnattr_setsigmask(attributes, new byte[SIGNAL_SET_BYTES]));
      int[] pid = new int[1];
      check(
          ProgramCalls.CALLS.posix_spawnp(
              pid,
              Libc.terminated(words.getFirst()),
              actions.memory(),
              attributes,
              ChildProcess.strings(words),
              ChildProcess.strings(environment)));
      return new CommandProcess(pid[0]);
    } finally {
      int _ = ProgramCalls.CALLS.posix_spawnattr_destroy(attributes);
    }
  }

  private static void check(int error) throws SystemCallException {
    if (error != 0) {
      throw new SystemCallException("posix_spawn", error);
    }
  }

  /** Its number, which is nobody else's until {@link #await} has returned. */
  public int pid() {
    return pid;
  }

  /** Sends it a signal, if it has not ended. */
  public synchronized void signal(int number) {
    if (!collected) {
      child.signal(number);
    }
  }

  /** Waits for its end: the exit status, or 128 and the number of the signal that killed it. */
  public int await() throws SystemCallException {
    // left a zombie until nobody can send a signal to its number any more
    while (ProgramCalls.CALLS.waitid(
            P_PID, pid, new byte[SIGNAL_INFORMATION_BYTES], WEXITED | WNOWAIT)
        < 0) {
      int errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        throw new SystemCallException("waitid", errno);
      }
    }
    synchronized (this) {
      collected = true;
      return child.await();
    }
  }
}
