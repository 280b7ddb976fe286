package io.unsealfs.daemon;

import io.unsealfs.mount.MountException;
import io.unsealfs.os.CommandProcess;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.PrivateMounts;
import io.unsealfs.os.SystemCallException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs run}: a mount for as long as a command runs. */
@Command(
    name = "run",
    customSynopsis =
        "unsealfs run [OPTIONS of mount] [--private] SOURCE MOUNTPOINT -- COMMAND [ARGUMENT…]",
    description =
        "Mounts, runs a command, unmounts when it ends, and ends with its exit status (128 and the"
            + " number of a signal that killed it, 127 if there is no such command, 126 if it cannot"
            + " be executed). The signals TERM, INT, HUP and USR1 are passed on to it.")
final class RunCommand extends MountCommand {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");
  private static final int NO_SUCH_COMMAND = 127;
  private static final int NOT_EXECUTABLE = 126;
  private static final int SIGTERM = 15;
  private static final int SIGNALLED = 128;

  /** The JVM keeps QUIT and USR2 for itself. */
  private static final Map<String, Integer> PASSED_ON =
      new TreeMap<>(Map.of("HUP", 1, "INT", 2, "USR1", 10, "TERM", SIGTERM));

  private final Wiring wiring;
  private final List<String> command;
  private List<byte[]> environment = List.of();

  @Option(
      names = "--private",
      description =
          "Show the tree to the command and its children alone, in a mount namespace of their own.")
  boolean hidden;

  /**
   * The command.
   *
   * @param command the words after {@code --}, which are no options of ours
   */
  RunCommand(Wiring wiring, List<String> command) {
    super(wiring);
    this.wiring = wiring;
    this.command = List.copyOf(command);
  }

  /** What stands before {@code --}, and what stands after it. */
  record Split(List<String> ours, List<String> command) {
    static Split of(List<String> arguments) {
      int cut = arguments.indexOf("--");
      return !CommandWord.of(arguments).equals("run") || cut < 0
          ? new Split(arguments, List.of())
          : new Split(arguments.subList(0, cut), arguments.subList(cut + 1, arguments.size()));
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw new UsageException(
          "nothing to run; name it after the mount point: -- COMMAND [ARGUMENT…]");
    }
    environment = CallerWords.environment();
    if (hidden && !PrivateMounts.isEntered()) {
      try {
        PrivateMounts.enter(wiring.caller().descriptors());
      } catch (SystemCallException e) {
        throw new MountException(
            "--private: no mount namespace of its own ("
                + e.getMessage()
                + "); that takes CAP_SYS_ADMIN",
            e);
      }
    }
    return super.call();
  }

  /** Standard error is the command's. */
  @Override
  public boolean isChatty() {
    return false;
  }

  @Override
  boolean staysInForeground() {
    return true;
  }

  @Override
  int serve(MountSession session, Path target, DaemonLog daemonLog, ServiceReport report)
      throws IOException, InterruptedException {
    if (logFile != null) {
      wiring.logs().toFile(logFile);
    }
    LOG.log(Level.DEBUG, "{0} mounted on {1}", source.source, target);
    try {
      // signals that come before the command is there wait for it
      CompletableFuture<CommandProcess> started = new CompletableFuture<>();
      passSignalsOn(started);
      if (session.state() != MountState.READY) {
        // one came while they were still ours, and ended the mount
        return SIGNALLED + SIGTERM;
      }
      CommandProcess process =
          CommandProcess.start(CallerWords.last(command.size()), environment, inherited());
      started.complete(process);
      try (CommandWatch _ = CommandWatch.over(process.pid())) {
        report.ready(session);
        Thread.ofPlatform()
            .daemon()
            .name("unsealfs-run-watch")
            .start(() -> endWith(session, process));
        return process.await();
      }
    } catch (SystemCallException e) {
      System.err.println("unsealfs: run: " + command.getFirst() + ": " + reason(e));
      return e.errno() == ErrorNumber.ENOENT ? NO_SUCH_COMMAND : NOT_EXECUTABLE;
    } finally {
      try {
        session.close();
      } catch (IOException e) {
        // the command has done its work, and its status says how
        LOG.log(Level.ERROR, "unmounting " + target, e);
      }
    }
  }

  private static String reason(SystemCallException e) {
    return switch (e.errno()) {
      case ErrorNumber.ENOENT -> "no such command";
      case ErrorNumber.EACCES -> "cannot be executed: permission denied";
      default -> "cannot be executed: " + ErrorNumber.text(e.errno());
    };
  }

  /** What the caller left open, less what a key was read from. */
  private Set<Integer> inherited() {
    Set<Integer> descriptors = new TreeSet<>(wiring.caller().descriptors());
    for (String key : keys.keys) {
      if (key.matches("fd:[0-9]{1,6}(\\?.*)?")) {
        descriptors.remove(Integer.valueOf(key.replaceAll("\\?.*", "").substring(3)));
      }
    }
    return descriptors;
  }

  private static void passSignalsOn(CompletableFuture<CommandProcess> started) {
    boolean terminalSends = TerminalGroup.isInFront();
    PASSED_ON.forEach((name, number) -> {
      if (TerminalGroup.ignores(number)) {
        return;
      }
      if (name.equals("INT") && terminalSends) {
        // the command has had it from the terminal; this process must outlive it
        Signals.on(name, () -> {});
      } else {
        Signals.on(
            name,
            () -> {
              CompletableFuture<Void> _ = started.thenAccept(process -> process.signal(number));
            });
      }
    });
  }

  /** Ends the command when the key of its files was taken back; it has nothing to work on. */
  private static void endWith(MountSession session, CommandProcess process) {
    try {
      session.awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(Level.ERROR, "the tree is gone, ending the command", e);
      process.signal(SIGTERM);
    }
  }
}
