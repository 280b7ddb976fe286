package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A volume mounted by a daemon of its own. Whatever happens to the test, closing takes down the
 * mount and the process; and a daemon that does not answer is killed after a while, so that a
 * reader stuck in the kernel comes back.
 */
final class Mounted implements AutoCloseable {
  private static final long WATCHDOG_MINUTES = 4;
  private static final long GRACE_SECONDS = 20;

  private final Path scratch;
  private final Path mountPoint;
  private final Path log;
  private final Outcome outcome;

  private Mounted(Path scratch, Path mountPoint, Path log, Outcome outcome) {
    this.scratch = scratch;
    this.mountPoint = mountPoint;
    this.log = log;
    this.outcome = outcome;
  }

  /** Mounts {@code source} on a new directory below {@code scratch}. */
  static Mounted mount(Path scratch, Path source, String... options)
      throws IOException, InterruptedException {
    return mount(scratch, source.toString(), options);
  }

  /** The same with any word for a source. */
  static Mounted mount(Path scratch, String source, String... options)
      throws IOException, InterruptedException {
    Path mountPoint = Files.createTempDirectory(scratch, "mnt-");
    return mountOn(scratch, source, mountPoint, options);
  }

  /** Mounts {@code source} on {@code mountPoint}; fails the test if that fails. */
  static Mounted mountOn(Path scratch, Path source, Path mountPoint, String... options)
      throws IOException, InterruptedException {
    return mountOn(scratch, source.toString(), mountPoint, options);
  }

  private static Mounted mountOn(Path scratch, String source, Path mountPoint, String... options)
      throws IOException, InterruptedException {
    Path log = scratch.resolve(mountPoint.getFileName() + ".log");
    List<String> words =
        new ArrayList<>(
            List.of("mount", source, mountPoint.toString(), "--log-file", log.toString()));
    words.addAll(List.of(options));
    return adopt(
        scratch, mountPoint, log, Command.unsealfs(scratch, words.toArray(String[]::new)).run());
  }

  /** Takes charge of a mount made by a command of the test's own. */
  static Mounted adopt(Path scratch, Path mountPoint, Path log, Outcome outcome)
      throws IOException, InterruptedException {
    Needs.fuse();
    Mounted mounted = new Mounted(scratch, mountPoint, log, outcome);
    try {
      outcome.assertStatus(0);
      assertEquals(1, mounted.pids().size(), "daemons behind " + mountPoint);
    } catch (AssertionError e) {
      mounted.close();
      throw e;
    }
    long pid = mounted.pid();
    CompletableFuture.delayedExecutor(WATCHDOG_MINUTES, TimeUnit.MINUTES)
        .execute(() -> {
          if (mounted.livesStill(pid)) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
          }
        });
    return mounted;
  }

  private boolean livesStill(long pid) {
    try {
      return pids().contains(pid); // the number may belong to somebody else by now
    } catch (IOException e) {
      return false;
    }
  }

  Path path() {
    return mountPoint;
  }

  Path resolve(String relative) {
    return mountPoint.resolve(relative);
  }

  /** What the mount command said. */
  Outcome outcome() {
    return outcome;
  }

  long pid() throws IOException {
    List<Long> pids = pids();
    assertEquals(1, pids.size(), "daemons behind " + mountPoint);
    return pids.getFirst();
  }

  private List<Long> pids() throws IOException {
    return Processes.unsealfsWith(mountPoint.toString());
  }

  /** What the daemon logged so far. */
  List<String> log() throws IOException {
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  /** Unmounts with the command a user types and checks that nothing stays. */
  void unmount() throws IOException, InterruptedException {
    long pid = pid();
    Command.unsealfs(scratch, "umount", mountPoint.toString()).run().assertStatus(0);
    assertEquals(0, MountTable.count(mountPoint), "mounts left on " + mountPoint);
    Processes.awaitEnd(pid);
  }

  @Override
  public void close() throws IOException {
    try {
      takeDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("clean-up of " + mountPoint + " was interrupted");
    }
  }

  private void takeDown() throws IOException, InterruptedException {
    try {
      for (long pid : pids()) {
        Optional<ProcessHandle> daemon = ProcessHandle.of(pid);
        daemon.ifPresent(ProcessHandle::destroy);
        if (daemon.isPresent()) {
          daemon.get().onExit().get(GRACE_SECONDS, TimeUnit.SECONDS);
        }
      }
    } catch (TimeoutException | ExecutionException e) {
      lazyUnmount();
      for (long pid : pids()) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      List<String> log = log();
      String last = String.join("\n", log.subList(Math.max(0, log.size() - 10), log.size()));
      throw new AssertionError(
          "the daemon on " + mountPoint + " had to be killed; its log ends with\n" + last, e);
    } finally {
      lazyUnmount();
    }
  }

  private void lazyUnmount() throws IOException, InterruptedException {
    while (MountTable.isMounted(mountPoint)
        && new ProcessBuilder("umount", "-l", mountPoint.toString()).start().waitFor() == 0) {
      // once more: mounts may lie on top of each other
    }
  }
}
