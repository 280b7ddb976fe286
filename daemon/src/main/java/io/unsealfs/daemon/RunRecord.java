package io.unsealfs.daemon;

import io.unsealfs.os.ProcessControl;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A small file that names the daemon behind a mount point, so that {@code umount} can ask it to
 * stop in order. Not a secret and not trusted: it only ever leads to a signal for a live process of
 * the same start time.
 */
final class RunRecord implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(RunRecord.class.getName());

  /** No record has such a name: a mount point's equals sign is written as {@code %3D}. */
  private static final String SOCKET_PREFIX = "pid=";

  private static final String SOCKET_SUFFIX = ".sock";

  private static final int START_FIELD = 22 - 3;

  private final Path file;

  private RunRecord(Path file) {
    this.file = file;
  }

  /** Writes the record of this process; without a place for it only a warning is logged. */
  static RunRecord write(Path mountPoint) {
    Path file = directory().resolve(DaemonLog.fileName(mountPoint));
    long self = ProcessHandle.current().pid();
    try {
      makeDirectory();
      Files.writeString(file, self + " " + started(self) + "\n");
    } catch (IOException e) {
      LOG.log(Level.WARNING, "no run record; umount will work without it", e);
    }
    return new RunRecord(file);
  }

  private static void makeDirectory() throws IOException {
    Files.createDirectories(
        directory(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Where the daemon of this process answers for its status; the directory is there then. */
  static Path socketOf(long pid) throws IOException {
    makeDirectory();
    return directory().resolve(SOCKET_PREFIX + pid + SOCKET_SUFFIX);
  }

  /** The status sockets of all daemons of this user, those left by dead ones too. */
  static List<Path> sockets() throws IOException {
    if (!Files.isDirectory(directory())) {
      return List.of();
    }
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(directory(), SOCKET_PREFIX + "*" + SOCKET_SUFFIX)) {
      entries.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    found.sort(null);
    return found;
  }

  /** The live daemon behind {@code mountPoint}, if one left a record. */
  static Optional<ProcessHandle> daemonOf(Path mountPoint) {
    try {
      Path file = directory().resolve(DaemonLog.fileName(mountPoint));
      if (Files.size(file) > 100) {
        return Optional.empty();
      }
      String[] words = Files.readString(file, StandardCharsets.US_ASCII).strip().split(" ", -1);
      if (words.length != 2 || !words[0].matches("[0-9]{1,9}")) {
        return Optional.empty();
      }
      return ProcessHandle.of(Long.parseLong(words[0]))
          .filter(process -> started(process.pid()).equals(words[1]));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * When a process started, in ticks since the machine did (field 22 of proc_pid_stat(5)): the time
   * of day would be another one once somebody sets the clock.
   */
  private static String started(long pid) {
    try {
      String stat =
          Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
      // the name, in brackets, may hold anything; the state behind them is field 3
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields.length > START_FIELD ? fields[START_FIELD] : "?";
    } catch (IOException | IndexOutOfBoundsException e) {
      return "?";
    }
  }

  private static Path directory() {
    if (ProcessControl.effectiveUser() == 0) {
      return Path.of("/run/unsealfs");
    }
    // a place that no other user can have made before us
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    return runtime != null && !runtime.isEmpty()
        ? Path.of(runtime, "unsealfs")
        : Path.of(System.getProperty("user.home"), ".local", "state", "unsealfs", "run");
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "run record", e);
    }
  }
}
