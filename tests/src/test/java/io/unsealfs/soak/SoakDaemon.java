package io.unsealfs.soak;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** {@code unsealfs mount --foreground}, in a process of its own. */
final class SoakDaemon {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final Path log;

  private SoakDaemon(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Returns once the tree is mounted. */
  static SoakDaemon start(
      SoakPlan plan,
      SoakVolume volume,
      Path mountPoint,
      Path log,
      int round,
      Optional<MemoryGroup> group)
      throws IOException, InterruptedException, SoakFailure {
    List<String> words =
        new ArrayList<>(
            List.of(
                "mount",
                volume.ciphertext().toString(),
                mountPoint.toString(),
                "--key",
                volume.key(),
                "--foreground",
                "--cache",
                plan.cacheMebibytes() + "M",
                "--grace",
                "1"));
    words.addAll(plan.transportWords(round));
    ProcessBuilder builder = plan.unsealfs(words);
    group.ifPresent(memory -> builder.command(memory.inside(builder.command())));
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    SoakDaemon daemon = new SoakDaemon(builder.start(), log);
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (!daemon.said("mounted on")) {
      if (!daemon.process.isAlive()) {
        throw new SoakFailure("the daemon did not start:\n" + daemon.log());
      }
      if (System.nanoTime() > deadline) {
        throw new SoakFailure("the daemon does not start:\n" + daemon.diagnosis());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return daemon;
  }

  private boolean said(String words) throws IOException {
    return log().contains(words);
  }

  String log() throws IOException {
    return Files.readString(log, StandardCharsets.ISO_8859_1);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void terminate() {
    process.destroy();
  }

  void kill() {
    process.destroyForcibly();
  }

  /** Waits for its end and gives its exit status. */
  int awaitEnd(Duration limit) throws InterruptedException, SoakFailure, IOException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new SoakFailure("HANG: the daemon does not end\n" + diagnosis());
    }
    return process.exitValue();
  }

  long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0; // it is on its way out
  }

  int descriptors() throws IOException {
    int count = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid() + "/fd"))) {
      for (Path descriptor : all) {
        // directories are held on purpose, a bounded number of them
        if (!Files.isDirectory(descriptor)) {
          count++;
        }
      }
    }
    return count;
  }

  /** What its threads do, there and in the kernel. */
  String diagnosis() throws IOException, InterruptedException {
    if (process.isAlive()) {
      new ProcessBuilder("kill", "-QUIT", Long.toString(pid())).start().waitFor();
      TimeUnit.SECONDS.sleep(2);
    }
    return log() + "\n" + (process.isAlive() ? SoakReader.kernelStack(pid()) : "it has ended");
  }
}
