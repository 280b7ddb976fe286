package io.unsealfs.daemon;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * A small shell that sends a command TERM when this process dies before it, as by {@code kill -9}:
 * what the command works on is gone then. It waits for the end of its standard input, whose other
 * end only this process holds, and has nothing else of it. Not {@code PR_SET_PDEATHSIG}: the
 * command would have to set it for itself, and it comes when a thread ends.
 */
final class CommandWatch implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /**
   * Wants the command's number. Builtins only. Its parent being gone, nobody but init could have
   * given the number free, and that in the moment since the end of the input.
   */
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM PIPE USR1 USR2 ALRM TSTP TTIN TTOU
      if read -r word; then exit 0; fi
      kill -TERM "$1"
      """;

  private final Optional<Process> shell;

  private CommandWatch(Optional<Process> shell) {
    this.shell = shell;
  }

  /** Starts to watch; where there is no shell the command runs all the same. */
  static CommandWatch over(int command) {
    ProcessBuilder builder =
        new ProcessBuilder(
            "/bin/sh", "-c", SCRIPT, "unsealfs-run-watch", Integer.toString(command));
    builder.environment().clear();
    builder.directory(new File("/"));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      return new CommandWatch(Optional.of(builder.start()));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "nobody will end the command if this process is killed", e);
      return new CommandWatch(Optional.empty());
    }
  }

  /** Stops watching. To be called once the command has ended. */
  @Override
  public void close() {
    // killed before its input ends, so that it cannot take that for this process's death
    shell.ifPresent(Process::destroyForcibly);
  }
}
