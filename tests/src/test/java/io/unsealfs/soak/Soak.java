package io.unsealfs.soak;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Mounts a volume, lets processes read it in all ways, interrupts and kills them, takes the mount
 * away in one of the ways it can go, and begins again.
 */
final class Soak {
  /** Longest time in one system call; machines of continuous integration are slow and shared. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** What the daemon may hold above its cache: the JVM, its heap, buffers. */
  private static final long RESIDENT_LIMIT = 1L << 30;

  /** Ciphertext files of all readers, the JVM's own, the device. */
  private static final int DESCRIPTOR_LIMIT = 200;

  private final SoakPlan plan;
  private final PrintStream out;
  private final Random random;
  private final Tally tally = new Tally();
  private final List<SoakReader> readers = new ArrayList<>();
  private long lastReportNanos = System.nanoTime();
  private int round;
  private Optional<MemoryGroup> group = Optional.empty();
  private long nextSqueezeNanos;
  private boolean squeezed;

  Soak(SoakPlan plan, PrintStream out) {
    this.plan = plan;
    this.out = out;
    this.random = new Random(plan.seed());
  }

  /** Runs for the planned time; what was done. */
  Tally run() throws IOException, InterruptedException, SoakFailure {
    Path scratch = Files.createTempDirectory("unsealfs-soak-").toRealPath();
    boolean clean = false;
    try {
      Path program = build(scratch);
      SoakVolume volume = SoakVolume.make(plan, scratch);
      if (plan.resident()) {
        group = MemoryGroup.make(program);
        if (group.isEmpty()) {
          out.println("no control group can be made: memory never gets short, no look at leaks");
        }
      }
      Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
      long deadline = System.nanoTime() + plan.duration().toNanos();
      List<Ending> endings = new ArrayList<>();
      while (System.nanoTime() < deadline) {
        if (endings.isEmpty()) {
          endings.addAll(List.of(Ending.values()));
          Collections.shuffle(endings, random);
        }
        round(scratch, program, volume, mountPoint, endings.removeLast());
      }
      closeGroup();
      requireNothingLeft(scratch, mountPoint);
      clean = true;
      return tally;
    } finally {
      takeDown(scratch);
      if (clean) {
        Scratch.delete(scratch);
      }
    }
  }

  private Path build(Path scratch) throws IOException, InterruptedException, SoakFailure {
    Path program = scratch.resolve("soak-reader");
    Process compiler =
        new ProcessBuilder(
                "gcc",
                "-O2",
                "-o",
                program.toString(),
                plan.checkout().resolve("tests/src/test/c/soak-reader.c").toString())
            .inheritIO()
            .start();
    if (compiler.waitFor() != 0) {
      throw new SoakFailure("gcc cannot build the reader");
    }
    return program;
  }

  private void round(Path scratch, Path program, SoakVolume volume, Path mountPoint, Ending ending)
      throws IOException, InterruptedException, SoakFailure {
    round++;
    Path log = scratch.resolve("daemon-" + round + ".log");
    SoakDaemon daemon = SoakDaemon.start(plan, volume, mountPoint, log, round, group);
    tally.mounted();
    try {
      if (Leftovers.mounts(mountPoint).size() != 1) {
        throw new SoakFailure("mounts: " + Leftovers.mounts(mountPoint));
      }
      int atFirst = daemon.descriptors();
      load(scratch, program, mountPoint, daemon);
      new Teardown(plan, scratch, mountPoint, daemon, readers).end(ending, atFirst);
      tally.ended(ending);
      finishReaders();
      requireQuietLog(daemon, ending);
      tally.resident(daemon.log());
      if (group.isPresent()) {
        group.get().relax();
        group.get().requireFreed(PATIENCE);
      }
      Files.delete(log);
    } catch (SoakFailure e) {
      throw new SoakFailure(
          "round "
              + round
              + ", to end with "
              + ending
              + ": "
              + e.getMessage()
              + "\n--- daemon\n"
              + daemon.diagnosis());
    } finally {
      daemon.kill();
    }
  }

  /** Readers, signals to them, and looks at the daemon, for some seconds. */
  private void load(Path scratch, Path program, Path mountPoint, SoakDaemon daemon)
      throws IOException, InterruptedException, SoakFailure {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(loadMillis());
    while (System.nanoTime() < end) {
      while (readers.size() < plan.readers()) {
        readers.add(
            SoakReader.start(
                program, mountPoint, scratch, random.nextInt() & 0xffffffL, plan.resident()));
      }
      TimeUnit.MILLISECONDS.sleep(random.nextInt(60));
      SoakReader reader = readers.get(random.nextInt(readers.size()));
      String signal =
          switch (random.nextInt(10)) {
            case 0 -> "KILL";
            case 1 -> "INT";
            default -> "USR1";
          };
      reader.signal(signal);
      tally.signalled(!signal.equals("USR1"));
      look(daemon);
      squeeze();
      for (SoakReader each : List.copyOf(readers)) {
        each.requireProgress(PATIENCE);
        each.requireRight();
        if (!each.isAlive()) {
          readers.remove(each);
          each.close(tally);
        }
      }
      report();
    }
  }

  /** Short at first, so that a short soak sees every ending; some of a long one are long. */
  private int loadMillis() {
    int most = (int) Math.clamp(plan.duration().toMillis() / 20, 3000L, 60_000L);
    return 1000 + random.nextInt(round < Ending.values().length ? 3000 : most);
  }

  /** Memory gets short, and plenty again, every few seconds: files go, and come back. */
  private void squeeze() throws IOException {
    if (group.isEmpty() || System.nanoTime() < nextSqueezeNanos) {
      return;
    }
    nextSqueezeNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(8000));
    if (squeezed) {
      group.get().relax();
    } else {
      group.get().squeeze();
      tally.squeezed();
    }
    squeezed = !squeezed;
  }

  private void look(SoakDaemon daemon) throws IOException, SoakFailure {
    if (!daemon.isAlive()) {
      throw new SoakFailure("the daemon died");
    }
    long resident = daemon.residentBytes();
    int descriptors = daemon.descriptors();
    tally.daemon(resident, descriptors);
    if (resident > RESIDENT_LIMIT + ((long) plan.cacheMebibytes() << 20)) {
      throw new SoakFailure("the daemon holds " + (resident >> 20) + " MiB");
    }
    if (descriptors > DESCRIPTOR_LIMIT) {
      throw new SoakFailure("the daemon holds " + descriptors + " descriptors");
    }
  }

  private void finishReaders() throws IOException, InterruptedException, SoakFailure {
    for (SoakReader reader : readers) {
      reader.stop();
    }
    for (SoakReader reader : readers) {
      reader.await(PATIENCE);
    }
    for (SoakReader reader : readers) {
      reader.close(tally);
    }
    readers.clear();
  }

  /** No stack traces, no damage: nothing is wrong with this volume. */
  private static void requireQuietLog(SoakDaemon daemon, Ending ending)
      throws IOException, SoakFailure {
    // the figures at the end of a mount say it of none
    String log = daemon.log().replace(", 0 damaged objects", "");
    for (String word : List.of("damaged", "unexpected", "Exception", "OutOfMemory", "SIGSEGV")) {
      if (log.contains(word)) {
        throw new SoakFailure("the daemon's log after " + ending + " has '" + word + "'");
      }
    }
  }

  private void requireNothingLeft(Path scratch, Path mountPoint)
      throws IOException, InterruptedException, SoakFailure {
    if (!Leftovers.mounts(mountPoint).isEmpty()) {
      // after a kill -9 without fusermount: that is what umount is for
      Process umount = plan.unsealfs(List.of("umount", mountPoint.toString())).inheritIO().start();
      umount.waitFor();
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!(Leftovers.mounts(scratch).isEmpty() && Leftovers.processes(scratch).isEmpty())) {
      if (System.nanoTime() > deadline) {
        throw new SoakFailure(
            "left behind: " + Leftovers.mounts(scratch) + " " + Leftovers.processes(scratch));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private void report() {
    if (System.nanoTime() - lastReportNanos > TimeUnit.MINUTES.toNanos(1)) {
      lastReportNanos = System.nanoTime();
      out.println(plan.transport() + ": " + tally);
    }
  }

  /** Whatever happened, nothing of ours stays. */
  private void takeDown(Path scratch) throws IOException, InterruptedException {
    for (SoakReader reader : readers) {
      reader.close(tally);
    }
    for (String line : Leftovers.mounts(scratch)) {
      new ProcessBuilder("umount", "-l", line.split(" ", -1)[4]).start().waitFor();
    }
    closeGroup();
  }

  private void closeGroup() throws IOException, InterruptedException {
    if (group.isPresent()) {
      group.get().close();
      group = Optional.empty();
    }
  }
}
