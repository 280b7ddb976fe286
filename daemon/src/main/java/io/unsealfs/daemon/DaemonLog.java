package io.unsealfs.daemon;

import io.unsealfs.daemon.log.Logs;
import io.unsealfs.os.SystemLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Where a daemon that left its terminal logs: the system log where there is one, else a file. */
final class DaemonLog {
  private static final int NAME_MOST = 200;
  private static final int DIGEST_BYTES = 8;

  private final @Nullable Path file;

  private DaemonLog(@Nullable Path file) {
    this.file = file;
  }

  /** {@code logFile} if given, else the system log, else a file of our own. */
  static DaemonLog choose(@Nullable Path logFile, Path mountPoint) throws IOException {
    if (logFile != null) {
      return new DaemonLog(logFile.toAbsolutePath());
    }
    if (Files.exists(Path.of("/dev/log"))) {
      return new DaemonLog(null);
    }
    return new DaemonLog(stateDirectory().resolve("mount-" + fileName(mountPoint) + ".log"));
  }

  /** Of a process that logs to its caller's standard error. */
  static DaemonLog none() {
    return new DaemonLog(null);
  }

  /** For the user: where to look. */
  String place() {
    return file == null ? "the system log (journalctl -t unsealfs)" : file.toString();
  }

  /** Sends the log there from now on. */
  void useFor(Logs logs) throws IOException {
    if (file != null) {
      logs.toFile(file);
    } else {
      SystemLog log = SystemLog.open("unsealfs");
      logs.toSystemLog(log::write);
    }
  }

  private static Path stateDirectory() throws IOException {
    Path base = Path.of("/var/log");
    if (!Files.isWritable(base)) {
      String state = System.getenv("XDG_STATE_HOME");
      base =
          state != null && !state.isEmpty()
              ? Path.of(state)
              : Path.of(System.getProperty("user.home"), ".local", "state");
    }
    Path directory = base.resolve("unsealfs");
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UsageException(
          "there is no place for the daemon's log: "
              + directory
              + " cannot be made ("
              + e.getMessage()
              + "); name a file with --log-file");
    }
  }

  /** The mount point as one file name: unusual bytes as %HH. */
  static String fileName(Path mountPoint) {
    StringBuilder name = new StringBuilder();
    for (byte b : mountPoint.toString().getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 0x80 && (Character.isLetterOrDigit(c) || c == '.' || c == '_' || c == '-')) {
        name.append(c);
      } else if (c == '/') {
        name.append(name.isEmpty() ? "" : "+");
      } else {
        name.append('%').append(HexFormat.of().toHexDigits(b));
      }
    }
    if (name.length() <= NAME_MOST) {
      return name.toString();
    }
    // the end says most to people; the digest keeps two long paths apart
    return name.substring(name.length() - NAME_MOST) + "~" + digest(mountPoint);
  }

  private static String digest(Path mountPoint) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(mountPoint.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
