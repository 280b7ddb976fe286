package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A directory of the run's own on a tmpfs of its own, so that dropping caches leaves alone what
 * lies there. Closing it takes away every mount, loop device and process that has to do with it,
 * whatever state the run was in; a shutdown hook does so on Ctrl-C.
 */
final class Workspace implements AutoCloseable {
  private static final int GRACE_SECONDS = 10;

  private final Path directory;
  private final Path scratch;
  private final Programs programs;
  private final List<String> loopDevices = new ArrayList<>();
  private boolean closed;

  /**
   * A new one.
   *
   * @param bytes most that it can hold
   */
  Workspace(long bytes) throws IOException {
    directory = Files.createTempDirectory("unsealfs-bench-").toRealPath();
    // beside the tmpfs, so that it outlives it
    scratch = Files.createTempDirectory("unsealfs-bench-output-").toRealPath();
    programs = new Programs(scratch);
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "bench-clean-up"));
    try {
      programs.run(
          "mount", "-t", "tmpfs", "-o", "mode=0700,size=" + bytes, "bench", directory.toString());
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  Path directory() {
    return directory;
  }

  Programs programs() {
    return programs;
  }

  /** A new directory in it. */
  Path newDirectory(String prefix) throws IOException {
    return Files.createTempDirectory(directory, prefix + "-");
  }

  /** A loop device over {@code image}. */
  synchronized String loopDevice(Path image) throws IOException {
    String device = programs.run("losetup", "--find", "--show", image.toString());
    loopDevices.add(device);
    return device;
  }

  /** Unmounts one mount point and waits for {@code daemon} to end. */
  void unmount(Path mountPoint, Optional<ProcessHandle> daemon) throws IOException {
    try {
      programs.runAlways(List.of("umount", mountPoint.toString()));
    } catch (IOException e) {
      programs.runAlways(List.of("umount", "--lazy", mountPoint.toString()));
    }
    daemon.ifPresent(Workspace::awaitEnd);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    programs.stop();
    // a second time, for a mount that was on its way during the first
    for (int pass = 0; pass < 2; pass++) {
      unmountBelow();
      endDaemons();
    }
    for (String device : loopDevices) {
      quietly("losetup", "--detach", device);
    }
    quietly("umount", "--lazy", directory.toString());
    delete(directory);
    delete(scratch);
  }

  private void unmountBelow() {
    try {
      // the latest first: mounts may lie on top of each other
      for (MountEntry mount : MountEntry.below(directory).reversed()) {
        if (!mount.mountPoint().equals(directory)) {
          quietly("umount", "--lazy", mount.mountPoint().toString());
        }
      }
    } catch (IOException e) {
      System.err.println("bench: cannot list mounts: " + e.getMessage());
    }
  }

  private void endDaemons() {
    // a daemon ends by itself once its mount is gone
    daemons(directory).forEach(Workspace::awaitEnd);
  }

  /** Processes whose command line names a path below {@code path}. */
  static List<ProcessHandle> daemons(Path path) {
    long self = ProcessHandle.current().pid();
    return ProcessHandle.allProcesses()
        .filter(process -> process.pid() != self && commandLine(process).contains(path.toString()))
        .toList();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (IOException e) {
      return ""; // it has ended meanwhile
    }
  }

  private static void awaitEnd(ProcessHandle process) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
    boolean asked = false;
    while (process.isAlive() && !isZombie(process)) {
      long left = until - System.nanoTime();
      if (left < 0) {
        process.destroyForcibly();
        return;
      }
      if (!asked && left < TimeUnit.SECONDS.toNanos(GRACE_SECONDS) / 2) {
        process.destroy();
        asked = true;
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        process.destroyForcibly();
        return;
      }
    }
  }

  /** Whether it has ended and waits for its parent, who is not us, to take notice. */
  private static boolean isZombie(ProcessHandle process) {
    return commandLine(process).isEmpty();
  }

  private void quietly(String... words) {
    try {
      programs.runAlways(List.of(words));
    } catch (IOException e) {
      System.err.println("bench: cleaning up: " + e.getMessage());
    }
  }

  private static void delete(Path tree) {
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.toList().reversed()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      System.err.println("bench: cannot remove " + tree + ": " + e.getMessage());
    }
  }
}
