package io.unsealfs.daemon;

import io.unsealfs.storage.local.TreeSize;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unsealfs check}. */
@Command(
    name = "check",
    description =
        "Reads everything, verifies every tag and lists each damage; exit code 26 if there is any.")
final class CheckCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(names = "--log-names", description = "Show plaintext paths beside ciphertext paths.")
  boolean logNames;

  CheckCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    try (OpenedVolume opened = OpenedVolume.open(wiring, source, keys);
        Progress progress = Progress.of("check", total(opened))) {
      Volume.CheckSummary summary =
          opened.volume().check(finding -> progress.line(text(finding)), progress::add);
      progress.finish();
      boolean authenticated =
          !MountSession.isWithoutIntegrity(opened.volume())
              || opened.bucket().filter(Place::isPinned).isPresent();
      System.out.printf(
          authenticated
              ? "%d files, %d directories, %d others, %d bytes verified, %d damages%n"
              : "%d files, %d directories, %d others, %d bytes read, %d damages; LUKS has nothing"
                  + " to verify content by%n",
          summary.files(),
          summary.directories(),
          summary.others(),
          summary.plaintextBytes(),
          summary.findings());
      return (summary.findings() == 0 ? ExitCode.DONE : ExitCode.DAMAGED).status();
    }
  }

  /** Bytes to read, looked up only if a bar is shown; -1 where damage hides how many. */
  private static long total(OpenedVolume opened) {
    if (!Progress.isShown()) {
      return -1;
    }
    try {
      return TreeSize.of(opened.volume().tree()).plaintextBytes();
    } catch (IOException e) {
      return -1; // the check itself reports what cannot be read
    }
  }

  private String text(Finding finding) {
    return (finding.damage() ? "damaged: " : "note: ")
        + (finding.location().isEmpty() ? "." : finding.location())
        + (finding.offset() >= 0 ? " at byte " + finding.offset() : "")
        + (logNames && !finding.plaintextPath().isEmpty()
            ? " (" + finding.plaintextPath() + ")"
            : "")
        + ": "
        + finding.problem();
  }
}
