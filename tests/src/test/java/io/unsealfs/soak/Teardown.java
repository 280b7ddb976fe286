package io.unsealfs.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Takes a mount away under its readers, in one of the ways it can go. */
final class Teardown {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final SoakPlan plan;
  private final Path scratch;
  private final Path mountPoint;
  private final SoakDaemon daemon;
  private final List<SoakReader> readers;

  Teardown(
      SoakPlan plan, Path scratch, Path mountPoint, SoakDaemon daemon, List<SoakReader> readers) {
    this.plan = plan;
    this.scratch = scratch;
    this.mountPoint = mountPoint;
    this.daemon = daemon;
    this.readers = readers;
  }

  /**
   * Returns when the daemon has ended.
   *
   * @param descriptors that the daemon had before anybody read
   */
  void end(Ending ending, int descriptors) throws IOException, InterruptedException, SoakFailure {
    if (ending == Ending.QUIET) {
      for (SoakReader reader : readers) {
        reader.stop();
      }
      for (SoakReader reader : readers) {
        reader.await(LIMIT);
      }
      requireClosed(descriptors);
    } else {
      for (SoakReader reader : readers) {
        reader.expectErrors();
      }
    }
    switch (ending) {
      case QUIET, UMOUNT -> run(plan.unsealfs(List.of("umount", mountPoint.toString())));
      case TERM -> daemon.terminate();
      case KILL -> daemon.kill();
      case LAZY -> {
        run(new ProcessBuilder("umount", "-l", mountPoint.toString()));
        // the last one who has a file open ends it
        for (SoakReader reader : readers) {
          reader.stop();
        }
      }
      case ABORT -> abort();
    }
    int status = daemon.awaitEnd(LIMIT);
    if (ending == Ending.KILL) {
      return; // the next mount clears what is left
    }
    if (status != 0 && status != 143) {
      throw new SoakFailure("the daemon ended with " + status);
    }
    if (!Leftovers.mounts(mountPoint).isEmpty()) {
      throw new SoakFailure("still mounted: " + Leftovers.mounts(mountPoint));
    }
  }

  /** When nobody reads, the daemon has no file open that it did not have at first. */
  private void requireClosed(int descriptors)
      throws IOException, InterruptedException, SoakFailure {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    // a few for what the JVM opens on the way
    while (daemon.descriptors() > descriptors + 10) {
      if (System.nanoTime() > deadline) {
        throw new SoakFailure(
            "the daemon had " + descriptors + " descriptors and keeps " + daemon.descriptors());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private void abort() throws IOException, InterruptedException, SoakFailure {
    String device = Leftovers.mounts(mountPoint).getFirst().split(" ", -1)[2];
    Path control = Files.createDirectories(scratch.resolve("control"));
    run(new ProcessBuilder("mount", "-t", "fusectl", "none", control.toString()));
    try {
      Files.writeString(control.resolve(device.substring(device.indexOf(':') + 1) + "/abort"), "1");
    } finally {
      run(new ProcessBuilder("umount", "-l", control.toString()));
    }
  }

  private void run(ProcessBuilder builder) throws IOException, InterruptedException, SoakFailure {
    Path log = scratch.resolve("command.log");
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new SoakFailure("HANG: " + builder.command());
    }
    if (process.exitValue() != 0) {
      throw new SoakFailure(
          builder.command() + " ended with " + process.exitValue() + ": " + Files.readString(log));
    }
  }
}
