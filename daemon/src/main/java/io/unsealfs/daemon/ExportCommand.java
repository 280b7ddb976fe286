package io.unsealfs.daemon;

import io.unsealfs.storage.local.CopySummary;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.storage.local.TargetPaths;
import io.unsealfs.storage.local.TreeExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs export}. */
@Command(
    name = "export",
    description =
        "Decrypts a volume into a new directory, which appears whole or not at all. Damaged files"
            + " are left out and named; the exit code is 26 then.")
final class ExportCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Parameters(index = "1", paramLabel = "DIRECTORY", description = "Where to; must not exist yet.")
  Path target = Path.of("");

  @Mixin KeyOptions keys = new KeyOptions();

  @Option(
      names = "--keep-set-id",
      description = "Keep set-user-id and set-group-id bits; no format authenticates modes.")
  boolean keepSetIds;

  @Option(
      names = "--into",
      description =
          "DIRECTORY exists and is empty, and may be a mount point; its content does not appear at"
              + " once then.")
  boolean into;

  ExportCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    if (!source.isInBucket()) {
      TargetPaths.requireApart(Path.of(source.source), target);
    }
    if (into) {
      FilledDirectory.prepare(target);
    }
    StopSwitch stop = new StopSwitch();
    Runtime.getRuntime().addShutdownHook(new Thread(stop::close, "unsealfs-stop"));
    try (OpenedVolume opened = OpenedVolume.open(wiring, source, keys);
        CopyReport report = new CopyReport("export", opened.volume().tree())) {
      CopySummary summary =
          new TreeExport(
                  new TreeExport.Options(TreeExport.Options.defaults().parallelism(), keepSetIds),
                  report,
                  stop)
              .export(
                  opened.volume().tree(),
                  into ? FilledDirectory.inside(target) : target.toAbsolutePath());
      if (into) {
        FilledDirectory.moveUp(target);
      }
      report.finish();
      System.err.printf(
          "unsealfs: %d files, %d directories, %d others, %d bytes exported; %d left out as damaged%n",
          summary.files(),
          summary.directories(),
          summary.others(),
          summary.plaintextBytes(),
          summary.failures());
      return (summary.failures() == 0 ? ExitCode.DONE : ExitCode.DAMAGED).status();
    }
  }
}
