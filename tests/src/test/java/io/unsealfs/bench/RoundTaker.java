package io.unsealfs.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Does one workload with one subject, and writes down what came of it. */
final class RoundTaker {
  private static final double NANOS = 1e9;
  private static final long FIRST_BYTES = 128L << 20;
  private static final int PARALLEL_READERS = 16;
  private static final int LOADERS = 4;

  /** Cache of decrypted blocks in MiB where the daemon does not tell: its most, see the README. */
  private static final double CACHE_MEBIBYTES = 256;

  private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");

  private final Dataset data;
  private final BenchOptions options;
  private final Workspace workspace;
  private final Results results;

  RoundTaker(Dataset data, Workspace workspace, Results results) {
    this.data = data;
    this.options = data.options();
    this.workspace = workspace;
    this.results = results;
  }

  /** Reads everything once and some of it again, so that compilers have done their work. */
  String warmUp(MountedSubject mounted) throws IOException {
    String checksum = client("sum", big(mounted));
    for (int pass = 0; pass < 2; pass++) {
      dropPages();
      client("seq", big(mounted));
    }
    dropPages();
    client("map", big(mounted));
    client("stat", many(mounted), Integer.toString(options.manyFiles()));
    client("list", many(mounted));
    return checksum;
  }

  /** A workload on a mount that lasts. */
  void measure(Workload workload, MountedSubject mounted, int round) throws IOException {
    Subject subject = mounted.subject();
    String big = big(mounted);
    switch (workload) {
      case SEQUENTIAL -> sequential(mounted);
      case MAPPED -> rate(Figure.MAPPED_TOUCH, subject, coldRead(mounted, "map", big));
      case LOADERS ->
          rate(
              Figure.LOADERS,
              subject,
              coldRead(mounted, "loaders", big, Integer.toString(LOADERS)));
      case TENSORS_ORDERED ->
          rate(Figure.TENSORS_ORDERED, subject, coldRead(mounted, "tensors", big, "ordered"));
      case TENSORS_SHUFFLED ->
          rate(Figure.TENSORS_SHUFFLED, subject, coldRead(mounted, "tensors", big, "shuffled"));
      case PARALLEL ->
          rate(
              Figure.PARALLEL_READ,
              subject,
              coldRead(mounted, "parallel", big, Integer.toString(PARALLEL_READERS)));
      case ALTERNATE ->
          rate(
              Figure.ALTERNATE_READ,
              subject,
              coldRead(mounted, "alternate", big, mounted.path().resolve("other").toString()));
      case REREAD -> {
        coldRead(mounted, "seq", big);
        rate(Figure.REREAD, subject, timed("seq", big));
        String first = Long.toString(Math.min(FIRST_BYTES, options.sizeBytes()));
        coldRead(mounted, "seq", big, first);
        rate(Figure.REREAD_DROPPED, subject, coldRead(mounted, "seq", big, first));
      }
      case RANDOM_4K_1 -> random(Figure.RANDOM_4K_1, mounted, 4, 1, round);
      case RANDOM_4K_4 -> random(Figure.RANDOM_4K_4, mounted, 4, 4, round);
      case RANDOM_64K_1 -> random(Figure.RANDOM_64K_1, mounted, 64, 1, round);
      case RANDOM_64K_4 -> random(Figure.RANDOM_64K_4, mounted, 64, 4, round);
      case SMALL_FILES ->
          perSecond(
              Figure.SMALL_FILES,
              subject,
              options.smallFiles(),
              "small",
              mounted.path().resolve("small").toString(),
              Integer.toString(options.smallFiles()));
      case LIST -> perSecond(Figure.LIST, subject, options.manyFiles(), "list", many(mounted));
      case STAT ->
          perSecond(
              Figure.STAT,
              subject,
              options.manyFiles(),
              "stat",
              many(mounted),
              Integer.toString(options.manyFiles()));
      case FRESH, MEMORY -> throw new IllegalArgumentException(workload + " mounts by itself");
    }
  }

  /** A workload that mounts by itself. */
  void measureAnew(Workload workload, Subject subject) throws IOException {
    dropEverything();
    if (workload == Workload.FRESH) {
      // what was dropped has the programs in it: how fast a disk is is not what is asked here
      MountedSubject.mount(subject, data, workspace).close();
    }
    touchMemory();
    try (MountedSubject mounted = MountedSubject.mount(subject, data, workspace)) {
      if (workload == Workload.FRESH) {
        String first = Long.toString(Math.min(FIRST_BYTES, options.sizeBytes()));
        rate(Figure.FIRST_128, subject, timed("seq", big(mounted), first));
        results.add(Figure.MOUNT_READABLE, subject, mounted.readableMillis());
        results.add(Figure.MOUNT_RETURNED, subject, mounted.returnedMillis());
      } else {
        memory(mounted);
      }
    }
  }

  private void sequential(MountedSubject mounted) throws IOException {
    makeCold(mounted);
    double before = mounted.hasDaemon() ? mounted.cpuSeconds() : 0;
    Timed timed = timed("seq", big(mounted));
    rate(Figure.SEQUENTIAL_READ, mounted.subject(), timed);
    if (mounted.hasDaemon()) {
      double cpu = mounted.cpuSeconds() - before;
      results.add(Figure.SEQUENTIAL_CPU, mounted.subject(), cpu / timed.count() * (1L << 30));
      double all = cpu + timed.cpuSeconds();
      results.add(Figure.TOTAL_CPU, mounted.subject(), all / timed.count() * (1L << 30));
    }
  }

  private void memory(MountedSubject mounted) throws IOException {
    for (int pass = 0; pass < options.memoryPasses(); pass++) {
      coldRead(mounted, "seq", big(mounted));
    }
    double after = mounted.residentMebibytes("VmRSS");
    results.add(Figure.RSS_AFTER, mounted.subject(), after);
    results.add(Figure.RSS_PEAK, mounted.subject(), mounted.residentMebibytes("VmHWM"));
    if (mounted.subject().kind() == Subject.Kind.UNSEALFS) {
      double cache = mounted.cacheMebibytes().orElse(CACHE_MEBIBYTES);
      results.add(Figure.CACHE, mounted.subject(), cache);
      results.add(Figure.RSS_ABOVE_CACHE, mounted.subject(), after - cache);
    }
  }

  /**
   * Random reads with fio. Every job has a part of the file to itself and reads no block of it
   * twice, so that the page cache answers nothing.
   */
  private void random(Figure figure, MountedSubject mounted, int kibibytes, int jobs, int round)
      throws IOException {
    if (mounted.subject().isResident()) {
      client("seq", big(mounted)); // this one is about files that are resident already
    }
    dropPages();
    long share = options.sizeBytes() / jobs;
    String report =
        workspace
            .programs()
            .run(
                "fio",
                "--name=" + figure.id(),
                "--filename=" + big(mounted),
                "--readonly",
                "--rw=randread",
                "--ioengine=psync",
                "--invalidate=0",
                "--thread",
                "--group_reporting",
                "--bs=" + kibibytes + "k",
                "--numjobs=" + jobs,
                "--size=" + share,
                "--offset_increment=" + share,
                "--runtime=" + options.randomMillis() + "ms",
                // the same blocks for every subject, others in every round
                "--randseed=" + (round + 1),
                "--output-format=terse",
                "--terse-version=3");
    List<String> fields = List.of(report.lines().toList().getLast().split(";", -1));
    results.add(figure, mounted.subject(), Double.parseDouble(fields.get(7)));
  }

  private void perSecond(Figure figure, Subject subject, int expected, String... words)
      throws IOException {
    dropEverything();
    Timed timed = timed(words);
    if (timed.count() != expected) {
      throw new IOException(
          figure.title() + ": " + timed.count() + " instead of " + expected + " entries");
    }
    results.add(figure, subject, timed.count() / timed.seconds());
  }

  private void rate(Figure figure, Subject subject, Timed timed) {
    results.add(figure, subject, timed.count() / timed.seconds() / (1 << 20));
  }

  private Timed coldRead(MountedSubject mounted, String... words) throws IOException {
    makeCold(mounted);
    return timed(words);
  }

  /** Neither the kernel nor the daemon has any of the large file decrypted. */
  private void makeCold(MountedSubject mounted) throws IOException {
    if (mounted.subject().isResident()) {
      // its last user may be on his way out still
      pause();
      client("seq", mounted.path().resolve("evict").toString());
    }
    dropPages();
    touchMemory();
  }

  /** Enough for the file, in whichever way it is kept, and some more. */
  private void touchMemory() throws IOException {
    client("touch", Long.toString(options.sizeMebibytes() + (options.sizeMebibytes() >> 2)));
  }

  private Timed timed(String... words) throws IOException {
    List<String> numbers = List.of(client(words).split(" ", -1));
    return new Timed(
        Long.parseLong(numbers.get(0)) / NANOS,
        Long.parseLong(numbers.get(1)),
        Long.parseLong(numbers.get(2)) / NANOS);
  }

  private String client(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(data.client().toString()));
    command.addAll(List.of(words));
    return workspace.programs().run(command);
  }

  private static String big(MountedSubject mounted) {
    return mounted.path().resolve("big").toString();
  }

  private static String many(MountedSubject mounted) {
    return mounted.path().resolve("many").toString();
  }

  /** Content out of the page cache. */
  private static void dropPages() throws IOException {
    Files.writeString(DROP_CACHES, "1\n");
  }

  /** Content, names and attributes out of the kernel's caches. */
  private static void dropEverything() throws IOException {
    Files.writeString(DROP_CACHES, "3\n");
    // daemons are being told what was forgotten; that must not fall into the measurement
    pause();
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private record Timed(double seconds, long count, double cpuSeconds) {}
}
