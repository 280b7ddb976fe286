package io.unsealfs.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * {@code tests/bench/run}: reads through mounts of ours and of peers, interleaved, and compares.
 */
final class ReadBench {
  private final BenchOptions options;
  private final PrintStream progress;
  private final Results results = new Results();
  private final Map<String, String> leftOut = new LinkedHashMap<>();
  private final Map<String, String> readAhead = new LinkedHashMap<>();

  private ReadBench(BenchOptions options, PrintStream progress) {
    this.options = options;
    this.progress = progress;
  }

  /** See {@link BenchOptions#USAGE}; the checkout is the property {@code unsealfs.root}. */
  public static void main(String[] words) {
    try {
      Path home = Path.of(System.getProperty("unsealfs.root", ".")).toAbsolutePath().normalize();
      Run run = run(BenchOptions.parse(home, words), System.err);
      System.out.print(TextReport.of(run));
      write(run);
    } catch (IllegalArgumentException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
    } catch (IOException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(1);
    }
  }

  /** Writes the files asked for. */
  static void write(Run run) throws IOException {
    if (run.options().json().isPresent()) {
      Files.writeString(run.options().json().get(), JsonReport.of(run));
    }
    if (run.options().svg().isPresent()) {
      Files.writeString(run.options().svg().get(), SvgChart.of(run));
    }
  }

  static Run run(BenchOptions options, PrintStream progress) throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw new IOException("needs root: it mounts, and drops the kernel's caches between reads");
    }
    return new ReadBench(options, progress).run();
  }

  private Run run() throws IOException {
    try (Workspace workspace = new Workspace(Dataset.footprint(options))) {
      Map<String, String> machine = Machine.describe(options, workspace.programs());
      machine.forEach((name, value) -> progress.println("  " + name + ": " + value));
      progress.println("making " + options.sizeMebibytes() + " MiB of data");
      Dataset data = Dataset.make(options, workspace);
      RoundTaker taker = new RoundTaker(data, workspace, results);
      List<MountedSubject> mounted = mountAll(data, workspace, taker);
      List<Subject> subjects = mounted.stream().map(MountedSubject::subject).toList();
      if (mounted.isEmpty()) {
        throw new IOException("nothing could be mounted: " + leftOut);
      }
      for (int round = 0; round < options.rounds(); round++) {
        progress.println("round " + (round + 1) + " of " + options.rounds());
        for (Workload workload : options.workloads()) {
          if (workload.mountsAnew()) {
            continue;
          }
          // another one begins in each round
          for (MountedSubject subject : rotated(mounted, round)) {
            if (subject.subject().takesPartIn(workload)) {
              taker.measure(workload, subject, round);
            }
          }
        }
      }
      // what stays mounted takes memory and time that a first mount would have
      for (MountedSubject subject : mounted) {
        subject.close();
      }
      mountAnew(taker, subjects);
      machine.put("load_after", Machine.load());
      return new Run(
          options, machine, leftOut, readAhead, results, ours(subjects), workspace.directory());
    }
  }

  private void mountAnew(RoundTaker taker, List<Subject> subjects) throws IOException {
    for (Workload workload : options.workloads()) {
      if (!workload.mountsAnew()) {
        continue;
      }
      progress.println(workload.id());
      for (int round = 0; round < workload.repetitions(options.rounds()); round++) {
        for (Subject subject : rotated(subjects, round)) {
          if (subject.takesPartIn(workload)) {
            taker.measureAnew(workload, subject);
          }
        }
      }
    }
  }

  private List<MountedSubject> mountAll(Dataset data, Workspace workspace, RoundTaker taker)
      throws IOException {
    List<MountedSubject> mounted = new ArrayList<>();
    String checksum = "";
    for (Subject subject : Subject.ALL) {
      if (data.missing(subject).isPresent()) {
        leaveOut(subject, data.missing(subject).get());
        continue;
      }
      MountedSubject one;
      try {
        one = MountedSubject.mount(subject, data, workspace);
      } catch (IOException e) {
        leaveOut(subject, String.valueOf(e.getMessage()));
        continue;
      }
      if (one.residentOff().isPresent()) {
        one.close();
        leaveOut(subject, one.residentOff().get());
        continue;
      }
      mounted.add(one);
      OptionalLong kibibytes = one.readAheadKibibytes();
      readAhead.put(
          subject.id(), kibibytes.isPresent() ? Long.toString(kibibytes.getAsLong()) : "unknown");
      String mine = taker.warmUp(one);
      if (subject.kind() == Subject.Kind.NULL) {
        continue;
      }
      if (!checksum.isEmpty() && !mine.equals(checksum)) {
        throw new IOException(subject.title() + " shows other bytes than the subjects before it");
      }
      checksum = mine;
    }
    return mounted;
  }

  private void leaveOut(Subject subject, String reason) {
    leftOut.put(subject.id(), reason);
    progress.println("left out: " + subject.title() + ": " + reason);
  }

  private static String ours(List<Subject> subjects) {
    return subjects.stream().anyMatch(subject -> subject.id().equals(Subject.KERNEL))
        ? Subject.KERNEL
        : Subject.JNR;
  }

  private static <T> List<T> rotated(List<T> list, int by) {
    List<T> copy = new ArrayList<>(list);
    Collections.rotate(copy, -by);
    return copy;
  }
}
