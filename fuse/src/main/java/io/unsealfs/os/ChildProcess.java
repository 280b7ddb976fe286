package io.unsealfs.os;

import java.util.List;
import jnr.ffi.Pointer;

/** A child started by posix_spawn(3). Somebody has to {@link #await} it, or it stays a zombie. */
final class ChildProcess {
  private static final int SIGKILL = 9;
  private static final int SIGNAL_MASK = 0x7f;

  private final int pid;

  ChildProcess(int pid) {
    this.pid = pid;
  }

  /**
   * Starts a program.
   *
   * @param program absolute path
   * @param arguments from the program's own name on; none may have a NUL inside
   * @param environment {@code NAME=value}; nothing of this process's environment is added
   * @throws SystemCallException ENOENT, EACCES and what else execve(2) says
   */
  static ChildProcess start(
      byte[] program, List<byte[]> arguments, List<byte[]> environment, SpawnActions actions)
      throws SystemCallException {
    int[] pid = new int[1];
    int error =
        SpawnCalls.CALLS.posix_spawn(
            pid,
            Libc.terminated(program),
            actions.memory(),
            null,
            strings(arguments),
            strings(environment));
    if (error != 0) {
      throw new SystemCallException("posix_spawn", error);
    }
    return new ChildProcess(pid[0]);
  }

  /** An array of C strings with its closing null, and the strings behind it. */
  static Pointer strings(List<byte[]> strings) {
    int at = (strings.size() + 1) * Long.BYTES;
    Pointer memory = SpawnCalls.memory(at + strings.stream().mapToInt(s -> s.length + 1).sum());
    for (int i = 0; i < strings.size(); i++) {
      byte[] string = strings.get(i);
      memory.put(at, string, 0, string.length);
      memory.putAddress((long) i * Long.BYTES, memory.address() + at);
      at += string.length + 1;
    }
    return memory;
  }

  /** Ends it, where this user may. */
  void kill() {
    signal(SIGKILL);
  }

  /** Sends it a signal, where this user may. */
  void signal(int number) {
    int _ = SpawnCalls.CALLS.kill(pid, number);
  }

  /** Waits for its end: the exit status, or 128 and the number of the signal that killed it. */
  int await() throws SystemCallException {
    int[] status = new int[1];
    while (SpawnCalls.CALLS.waitpid(pid, status, 0) < 0) {
      int errno = Libc.errno();
      if (errno != ErrorNumber.EINTR) {
        throw new SystemCallException("waitpid", errno);
      }
    }
    int signal = status[0] & SIGNAL_MASK;
    return signal == 0 ? status[0] >> 8 & 0xff : 128 + signal;
  }

  /** Has its end awaited by a thread of its own. */
  void awaitInBackground() {
    Thread.ofPlatform()
        .daemon()
        .name("unsealfs-child-" + pid)
        .start(() -> {
          try {
            int _ = await();
          } catch (SystemCallException e) {
            // ECHILD: somebody else has; nothing is left to collect
            return;
          }
        });
  }
}
