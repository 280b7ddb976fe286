package io.unsealfs.daemon;

import io.unsealfs.os.InheritedDescriptor;
import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The launcher that started this process and waits for one line: the exit status of the command. A
 * {@code mount} reports 0 as soon as the tree is readable and goes on as a daemon; until then it
 * shares terminal, process group and descriptors with its caller.
 */
final class CallerChannel {
  private final @Nullable Integer statusFd;
  private final List<Integer> callerFds;
  private boolean reported;

  private CallerChannel(@Nullable Integer statusFd, List<Integer> callerFds) {
    this.statusFd = statusFd;
    this.callerFds = callerFds;
  }

  /** The channel that the launcher describes in the environment, or one that leads nowhere. */
  static CallerChannel fromEnvironment(Map<String, String> environment) {
    List<Integer> callerFds = new ArrayList<>();
    for (String word : environment.getOrDefault("UNSEALFS_CALLER_FDS", "").split(" ", -1)) {
      Integer fd = descriptor(word);
      if (fd != null) {
        callerFds.add(fd);
      }
    }
    return new CallerChannel(
        descriptor(environment.getOrDefault("UNSEALFS_STATUS_FD", "")), List.copyOf(callerFds));
  }

  private static @Nullable Integer descriptor(String word) {
    return word.matches("[0-9]{1,6}") && Integer.parseInt(word) > 2 ? Integer.valueOf(word) : null;
  }

  /** Whether somebody waits, so that this process may stay behind as a daemon. */
  boolean isPresent() {
    return statusFd != null;
  }

  /** Descriptors above 2 that the caller left open, as far as the launcher told. */
  List<Integer> descriptors() {
    return callerFds;
  }

  /**
   * Leaves the caller: own session, root as working directory, no descriptor of the caller's, and
   * the message that all is well. The log must have another destination than standard error by now.
   *
   * @throws IOException if the process cannot detach; it is still the caller's then
   */
  void detach() throws IOException {
    ProcessControl.startSession();
    ProcessControl.leaveWorkingDirectory();
    InheritedDescriptor.silenceStandardStreams();
    for (int fd : callerFds) {
      new InheritedDescriptor(fd).close();
    }
    report(0);
  }

  /** Tells the caller the exit status. Later calls do nothing. */
  synchronized void report(int status) {
    if (statusFd == null || reported) {
      return;
    }
    reported = true;
    InheritedDescriptor pipe = new InheritedDescriptor(statusFd);
    try {
      pipe.write((status + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // the launcher is gone; nobody is left to tell
    } finally {
      pipe.close();
    }
  }
}
