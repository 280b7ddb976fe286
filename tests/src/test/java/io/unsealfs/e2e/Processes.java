package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Looks at processes through /proc. */
final class Processes {
  private static final long PATIENCE_SECONDS = 30;

  private Processes() {}

  /** The JVMs of unsealfs that have {@code word} among their arguments. */
  static List<Long> unsealfsWith(String word) throws IOException {
    List<Long> pids = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        List<String> words = commandLine(process);
        if (words.contains(word) && words.contains("io.unsealfs.daemon.Main")) {
          pids.add(Long.parseLong(process.getFileName().toString()));
        }
      }
    }
    // a child that has been forked and has not called exec yet has its parent's arguments
    return pids.stream().filter(pid -> !pids.contains(parent(pid))).toList();
  }

  private static long parent(long pid) {
    return ProcessHandle.of(pid).flatMap(ProcessHandle::parent).map(ProcessHandle::pid).orElse(0L);
  }

  static List<String> commandLine(Path process) {
    try {
      byte[] bytes = Files.readAllBytes(process.resolve("cmdline"));
      return List.of(new String(bytes, UTF_8).split("\0", -1));
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // it ended meanwhile
    }
  }

  /** The targets of the open descriptors of a process. */
  static List<String> openFiles(long pid) throws IOException {
    List<String> targets = new ArrayList<>();
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
      for (Path fd : all) {
        try {
          targets.add(Files.readSymbolicLink(fd).toString());
        } catch (IOException e) {
          // closed meanwhile
        }
      }
    }
    return targets;
  }

  /** Whether a process exists and is no zombie. */
  static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  static void signal(long pid, String name) throws IOException, InterruptedException {
    int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    if (status != 0) {
      throw new IOException("kill -" + name + " " + pid + " failed");
    }
  }

  /** Waits for something that other processes do and nobody announces. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  static void awaitEnd(long pid) throws InterruptedException {
    await("end of process " + pid, () -> !isAlive(pid));
  }
}
