package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/** What this process asks the kernel about itself, for good. */
public final class ProcessControl {
  private static final int PR_GET_DUMPABLE = 3;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int RLIMIT_CORE = 4;
  private static final int RLIMIT_MEMLOCK = 8;
  private static final int LIMIT_BYTES = 16;
  private static final int PRIO_PROCESS = 0;
  private static final int THIS_THREAD = 0;
  private static final int LOWEST_PRIORITY = 19;
  private static final long RLIM_INFINITY = -1L;
  private static final byte[] ROOT = {'/', 0};

  private ProcessControl() {}

  /**
   * Makes the process non-dumpable and sets its core limit to 0: no core files, and no other
   * process of the same user may trace it or read its memory. Files under {@code /proc/self} belong
   * to root from then on.
   */
  public static void forbidDumps() throws SystemCallException {
    check("setrlimit", Libc.CALLS.setrlimit(RLIMIT_CORE, new byte[LIMIT_BYTES]));
    check("prctl", Libc.CALLS.prctl(PR_SET_DUMPABLE, 0));
  }

  /** Whether core dumps and tracing by the same user are possible. */
  public static boolean isDumpable() throws SystemCallException {
    return check("prctl", Libc.CALLS.prctl(PR_GET_DUMPABLE, 0)) != 0;
  }

  /** How much memory the process may lock, bytes; empty for no limit. */
  public static OptionalLong lockableBytes() throws SystemCallException {
    return softLimit(RLIMIT_MEMLOCK);
  }

  /** Size of a core file the process may leave, bytes; empty for no limit. */
  public static OptionalLong coreBytes() throws SystemCallException {
    return softLimit(RLIMIT_CORE);
  }

  /** Effective user id. */
  public static int effectiveUser() {
    return Libc.CALLS.geteuid();
  }

  /**
   * Starts a session of its own: no controlling terminal.
   *
   * @throws SystemCallException EPERM if the process leads a process group already
   */
  public static void startSession() throws SystemCallException {
    check("setsid", Libc.CALLS.setsid());
  }

  /**
   * Makes {@code /} the working directory, so that no file system is kept busy. The JVM's own idea
   * of it stays: relative {@code Path}s must be made absolute before.
   */
  public static void leaveWorkingDirectory() throws SystemCallException {
    check("chdir", Libc.CALLS.chdir(ROOT));
  }

  /**
   * Gives the calling thread the lowest priority (nice 19): on Linux it is one of a thread. Does
   * nothing where the kernel refuses.
   */
  public static void letOthersGoFirst() {
    int _ = Libc.CALLS.setpriority(PRIO_PROCESS, THIS_THREAD, LOWEST_PRIORITY);
  }

  private static OptionalLong softLimit(int resource) throws SystemCallException {
    byte[] limits = new byte[LIMIT_BYTES];
    check("getrlimit", Libc.CALLS.getrlimit(resource, limits));
    long soft = ByteBuffer.wrap(limits).order(ByteOrder.nativeOrder()).getLong();
    return soft == RLIM_INFINITY ? OptionalLong.empty() : OptionalLong.of(soft);
  }

  private static int check(String call, int result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(call, Libc.errno());
    }
    return result;
  }
}
