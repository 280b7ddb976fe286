package io.unsealfs.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * A mount namespace of this process's own: what it mounts is seen by it and its children alone.
 *
 * <p>A namespace belongs to a thread, and a JVM has many before the first line of ours runs. Hence
 * the calling thread leaves for a new one and executes the same program again: execve(2) ends the
 * others, and the process goes on with the namespace of the thread that called.
 */
public final class PrivateMounts {
  private static final int CLONE_NEWNS = 0x20000;
  private static final long MS_REC = 0x4000;
  private static final long MS_SLAVE = 0x80000;
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int FIRST_ABOVE_STANDARD_STREAMS = 3;

  /** Property with the namespace that was entered; on the command line, not in the environment. */
  private static final String ENTERED = "io.unsealfs.mounts";

  private static final Path NAMESPACE = Path.of("/proc/thread-self/ns/mnt");

  private PrivateMounts() {}

  /** Whether {@link #enter} is behind this process. */
  public static boolean isEntered() throws IOException {
    return name().equals(System.getProperty(ENTERED));
  }

  private static String name() throws IOException {
    return Files.readSymbolicLink(NAMESPACE).toString();
  }

  /**
   * Begins the program anew in a mount namespace of its own, into which later mounts of the old one
   * still come. Does not return.
   *
   * @param kept descriptors above 2 that stay open
   * @throws SystemCallException EPERM without CAP_SYS_ADMIN
   */
  public static void enter(Collection<Integer> kept) throws IOException {
    List<byte[]> words = ProcessStrings.commandLine();
    List<byte[]> environment = ProcessStrings.environment();
    Checked.call("unshare", ProgramCalls.CALLS.unshare(CLONE_NEWNS));
    byte[] any = Libc.terminated("none".getBytes(StandardCharsets.US_ASCII));
    byte[] root = {'/', 0};
    Checked.call("mount", Libc.CALLS.mount(any, root, any, MS_REC | MS_SLAVE, new byte[1]));
    words.add(1, ("-D" + ENTERED + "=" + name()).getBytes(StandardCharsets.US_ASCII));
    for (int fd : InheritedDescriptor.open()) {
      if (fd >= FIRST_ABOVE_STANDARD_STREAMS && !kept.contains(fd)) {
        int _ = Libc.CALLS.fcntl(fd, F_SETFD, FD_CLOEXEC);
      }
    }
    Checked.call(
        "execve",
        ProgramCalls.CALLS.execve(
            Libc.terminated("/proc/self/exe".getBytes(StandardCharsets.US_ASCII)),
            ChildProcess.strings(words),
            ChildProcess.strings(environment)));
  }
}
