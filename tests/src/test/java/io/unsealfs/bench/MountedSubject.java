package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A subject mounted by a process of its own. */
final class MountedSubject implements AutoCloseable {
  /** USER_HZ, which is the same on every Linux that Java runs on. */
  private static final double TICKS_PER_SECOND = 100;

  private static final Pattern CACHE_LINE =
      Pattern.compile("(?i)\\bcache\\b[^0-9\\n]{0,40}([0-9]{1,18}) ?([KMG]iB|B|bytes)\\b");

  private final Subject subject;
  private final Workspace workspace;
  private final Path mountPoint;
  private final Path log;
  private final double readableMillis;
  private final double returnedMillis;
  private final Optional<ProcessHandle> daemon;

  private MountedSubject(
      Subject subject, Workspace workspace, Path mountPoint, Path log, String nanoseconds) {
    this.subject = subject;
    this.workspace = workspace;
    this.mountPoint = mountPoint;
    this.log = log;
    List<String> times = List.of(nanoseconds.split(" ", -1));
    this.readableMillis = Long.parseLong(times.get(0)) / 1e6;
    this.returnedMillis = Long.parseLong(times.get(1)) / 1e6;
    this.daemon = Workspace.daemons(mountPoint).stream().findFirst();
  }

  /** Mounts it on a new directory. */
  static MountedSubject mount(Subject subject, Dataset data, Workspace workspace)
      throws IOException {
    Path mountPoint = workspace.newDirectory(subject.id());
    Path log = workspace.directory().resolve(mountPoint.getFileName() + ".log");
    List<String> words =
        new ArrayList<>(List.of(data.client().toString(), "mounted", mountPoint.toString()));
    words.addAll(subject.mountCommand(data, mountPoint, log));
    String times = workspace.programs().run(words);
    MountedSubject mounted = new MountedSubject(subject, workspace, mountPoint, log, times);
    try {
      if (subject.readAheadKibibytes() > 0) {
        Files.writeString(
            mounted.entry().readAheadFile(), Integer.toString(subject.readAheadKibibytes()));
      }
      return mounted;
    } catch (IOException e) {
      mounted.close();
      throw e;
    }
  }

  /** Whether its daemon switched resident mode off; it has said why. */
  Optional<String> residentOff() throws IOException {
    if (!subject.isResident() || !Files.exists(log)) {
      return Optional.empty();
    }
    return Files.readAllLines(log).stream()
        .filter(line -> line.contains("resident: off: "))
        .findFirst();
  }

  Subject subject() {
    return subject;
  }

  Path path() {
    return mountPoint;
  }

  /** From the start of the command until the tree could be read. */
  double readableMillis() {
    return readableMillis;
  }

  /** From the start of the command until it had returned. */
  double returnedMillis() {
    return returnedMillis;
  }

  /** What the kernel reads ahead on it at most, in KiB; empty where that is not told. */
  OptionalLong readAheadKibibytes() {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(entry().readAheadFile()).strip()));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private MountEntry entry() throws IOException {
    return MountEntry.below(mountPoint).getLast();
  }

  boolean hasDaemon() {
    return daemon.isPresent();
  }

  /** CPU seconds of the daemon so far, its own and the kernel's on its behalf. */
  double cpuSeconds() throws IOException {
    String stat = proc("stat");
    // the name, in brackets, may hold anything
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    return (Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12))) / TICKS_PER_SECOND;
  }

  /** Resident memory of the daemon in MiB: {@code VmRSS} now, {@code VmHWM} at most. */
  double residentMebibytes(String field) throws IOException {
    for (String line : proc("status").lines().toList()) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new IOException("no " + field + " of " + subject.title());
  }

  /** The size of the cache of decrypted blocks in MiB, if the daemon's log tells it. */
  Optional<Double> cacheMebibytes() throws IOException {
    if (!Files.exists(log)) {
      return Optional.empty();
    }
    Matcher matcher = CACHE_LINE.matcher(Files.readString(log));
    if (!matcher.find()) {
      return Optional.empty();
    }
    double number = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
          case "GIB" -> number * 1024;
          case "MIB" -> number;
          case "KIB" -> number / 1024;
          default -> number / (1 << 20);
        });
  }

  private String proc(String file) throws IOException {
    if (daemon.isEmpty()) {
      throw new IOException(subject.title() + " has no daemon");
    }
    return Files.readString(Path.of("/proc/" + daemon.get().pid(), file));
  }

  @Override
  public void close() throws IOException {
    workspace.unmount(mountPoint, daemon);
  }
}
