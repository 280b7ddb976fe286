package io.unsealfs.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A control group for a daemon and a neighbour that takes memory: it can be squeezed, and it shows
 * what memory files are left when all is over.
 */
final class MemoryGroup {
  /** More than the daemon ever needs, so that only {@link #squeeze} makes memory short. */
  private static final long ROOM = 6L << 30;

  /** Above the 128 MiB that the daemon leaves alone, and less than a tenth of what is used. */
  private static final long MARGIN = 140L << 20;

  private static final int BALLAST_MEBIBYTES = 1300;

  /** A log on a memory file system is counted as well. */
  private static final long SLACK = 8L << 20;

  private final Path directory;
  private final boolean unified;
  private final Process ballast;

  private MemoryGroup(Path directory, boolean unified, Process ballast) {
    this.directory = directory;
    this.unified = unified;
    this.ballast = ballast;
  }

  /** A new one; empty where this machine lets nobody make one. */
  static Optional<MemoryGroup> make(Path program) throws IOException {
    for (String parent : List.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup")) {
      Path directory = Path.of(parent, "unsealfs-soak-" + ProcessHandle.current().pid());
      try {
        Files.createDirectory(directory);
      } catch (IOException e) {
        continue;
      }
      boolean unified = Files.exists(directory.resolve("memory.max"));
      if (unified || Files.exists(directory.resolve("memory.limit_in_bytes"))) {
        List<String> words =
            inside(
                directory,
                List.of(program.toString(), "ballast", Integer.toString(BALLAST_MEBIBYTES)));
        Process ballast = new ProcessBuilder(words).start();
        if (ballast.inputReader().readLine() == null) {
          throw new IOException("no memory for the neighbour");
        }
        return Optional.of(new MemoryGroup(directory, unified, ballast));
      }
      Files.delete(directory);
    }
    return Optional.empty();
  }

  private static List<String> inside(Path directory, List<String> command) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "bash",
                "-c",
                "echo $$ > \"$0\" && exec \"$@\"",
                directory.resolve("cgroup.procs").toString()));
    words.addAll(command);
    return words;
  }

  /** The command that does the same in this group. */
  List<String> inside(List<String> command) {
    return inside(directory, command);
  }

  /** Makes memory short: nearly all of it is in use. */
  void squeeze() throws IOException {
    limit(Long.parseLong(read(unified ? "memory.current" : "memory.usage_in_bytes")) + MARGIN);
  }

  /** Memory is plenty. */
  void relax() throws IOException {
    limit(ROOM);
  }

  private void limit(long bytes) throws IOException {
    Files.writeString(
        directory.resolve(unified ? "memory.max" : "memory.limit_in_bytes"), Long.toString(bytes));
  }

  /** Fails unless the memory files of a daemon that has ended are gone. */
  void requireFreed(Duration patience) throws IOException, InterruptedException, SoakFailure {
    long deadline = System.nanoTime() + patience.toNanos();
    while (memoryFileBytes() > SLACK) {
      if (System.nanoTime() > deadline) {
        throw new SoakFailure("LEAK: " + (memoryFileBytes() >> 20) + " MiB of memory files stay");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  long memoryFileBytes() throws IOException {
    String prefix = unified ? "shmem " : "total_shmem ";
    for (String line : Files.readAllLines(directory.resolve("memory.stat"))) {
      if (line.startsWith(prefix)) {
        return Long.parseLong(line.substring(prefix.length()).strip());
      }
    }
    throw new IOException("the control group does not count memory files");
  }

  private String read(String file) throws IOException {
    return Files.readString(directory.resolve(file)).strip();
  }

  /** Takes it away; nobody else may be in it any more. */
  void close() throws IOException, InterruptedException {
    ballast.destroyForcibly();
    ballast.waitFor();
    for (int i = 0; i < 100; i++) {
      try {
        Files.deleteIfExists(directory);
        return;
      } catch (IOException e) {
        TimeUnit.MILLISECONDS.sleep(50); // somebody is on his way out
      }
    }
    Files.deleteIfExists(directory);
  }
}
