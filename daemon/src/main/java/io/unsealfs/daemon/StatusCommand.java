package io.unsealfs.daemon;

import io.unsealfs.daemon.log.ErrorText;
import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.daemon.status.RecordJson;
import io.unsealfs.daemon.status.StatusSocket;
import io.unsealfs.daemon.status.StatusText;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.os.MountTable;
import java.io.Console;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code unsealfs status}. Asks the daemons on their sockets; never touches a mount point, which
 * could hang with its daemon.
 */
@Command(
    name = "status",
    description =
        "Shows what the mounts of this user do: state, throughput, hit rates, read-ahead, key and"
            + " lease, last errors. Asks the daemons, and touches no mount point.")
final class StatusCommand implements Callable<Integer> {
  private static final String OUR_TYPE = "fuse.unsealfs";
  private static final String CLEAR = "\u001b[H\u001b[2J";

  /** Between the two looks that show what goes on now. */
  private static final long GLANCE_MILLIS = 500;

  @Parameters(
      arity = "0..1",
      paramLabel = "MOUNTPOINT",
      description = "One mount instead of all of them.")
  @Nullable String mountPoint;

  @Option(
      names = {"-w", "--watch"},
      description = "Show it again and again, until the mount is gone or Ctrl-C.")
  boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Between two looks with --watch (default: ${DEFAULT-VALUE}).")
  int intervalSeconds = 1;

  @Option(
      names = "--json",
      description = "Print one JSON object a line; of all mounts, with the member mounts.")
  boolean json;

  /** A mount that is there, and what its daemon said, or why it said nothing. */
  private record Found(String mountPoint, Optional<MountStatus> status, String silence) {}

  /** All mounts, as JSON. */
  private record All(List<MountStatus> mounts) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (intervalSeconds < 1 || intervalSeconds > 3600) {
      throw new UsageException("--interval " + intervalSeconds + ": from 1 to 3600");
    }
    List<Found> found = look();
    if (mountPoint != null && found.isEmpty()) {
      throw new MountException(target() + ": no unsealfs is mounted there");
    }
    if (!watch && !json && found.stream().anyMatch(one -> one.status().isPresent())) {
      TimeUnit.MILLISECONDS.sleep(GLANCE_MILLIS);
      List<Found> before = found;
      found = look();
      print(found, before);
    } else {
      print(found, List.of());
    }
    while (watch && !found.isEmpty()) {
      TimeUnit.SECONDS.sleep(intervalSeconds);
      List<Found> before = found;
      found = look();
      print(found, before);
    }
    return ExitCode.DONE.status();
  }

  private Path target() throws MountException {
    return MountPoint.canonical(Path.of(String.valueOf(mountPoint)));
  }

  /** What there is now: daemons that answer, and mounts in the table whose daemon does not. */
  private List<Found> look() throws IOException {
    Map<String, Found> all = new LinkedHashMap<>();
    for (Path socket : RunRecord.sockets()) {
      try {
        MountStatus status = StatusSocket.ask(socket);
        all.put(status.mountPoint(), new Found(status.mountPoint(), Optional.of(status), ""));
      } catch (ConnectException e) {
        Files.deleteIfExists(socket); // of a process that was killed
      } catch (IOException e) {
        // one that hangs has its mount in the table; one that mounts nothing yet has not
        all.put(
            socket.toString(),
            new Found("", Optional.empty(), socket.getFileName() + ": " + ErrorText.of(e)));
      }
    }
    for (MountTable.Entry entry : MountTable.read()) {
      String at = new String(entry.mountPoint(), nativeCharset());
      if (entry.type().equals(OUR_TYPE)) {
        all.putIfAbsent(at, new Found(at, Optional.empty(), silence(at)));
      }
    }
    List<Found> found = new ArrayList<>(all.values());
    if (mountPoint != null) {
      String wanted = target().toString();
      found.removeIf(one -> !one.mountPoint().equals(wanted));
    }
    return found;
  }

  private static String silence(String at) {
    return RunRecord.daemonOf(Path.of(at))
        .map(daemon -> "mounted, but its daemon, process " + daemon.pid() + ", does not answer")
        .orElse(
            "mounted, but no daemon of this user answers for it (another user's, or gone: unsealfs"
                + " umount clears it)");
  }

  private static Charset nativeCharset() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }

  private void print(List<Found> found, List<Found> before) throws MountException {
    if (json) {
      printJson(found);
      return;
    }
    StringBuilder text = new StringBuilder();
    if (watch && Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()) {
      text.append(CLEAR);
    }
    for (Found one : found) {
      if (one.status().isPresent()) {
        Optional<MountStatus> earlier =
            before.stream()
                .filter(old -> old.mountPoint().equals(one.mountPoint()))
                .findFirst()
                .flatMap(Found::status);
        StatusText.lines(one.status().get(), earlier)
            .forEach(line -> text.append(line).append('\n'));
      } else {
        text.append(one.mountPoint().isEmpty() ? "" : one.mountPoint() + ": ")
            .append(one.silence())
            .append('\n');
      }
    }
    if (found.isEmpty()) {
      text.append(mountPoint == null ? "nothing is mounted\n" : target() + ": unmounted\n");
    }
    System.out.print(text);
    System.out.flush();
  }

  private void printJson(List<Found> found) throws MountException {
    List<MountStatus> known = found.stream().flatMap(one -> one.status().stream()).toList();
    if (mountPoint == null) {
      System.out.println(RecordJson.write(new All(known)));
    } else if (!known.isEmpty()) {
      System.out.println(RecordJson.write(known.getFirst()));
    } else if (!found.isEmpty()) {
      throw new MountException(target() + ": " + found.getFirst().silence());
    }
    System.out.flush();
  }
}
