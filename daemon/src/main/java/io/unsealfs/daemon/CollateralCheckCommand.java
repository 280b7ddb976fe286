package io.unsealfs.daemon;

import io.unsealfs.daemon.doctor.CollateralChecks;
import io.unsealfs.daemon.doctor.Diagnosis;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unsealfs collateral check}. */
@Command(
    name = "check",
    description =
        "Verifies collateral and says until when it is in force. Exit code 0 if all of it is, 21 if"
            + " any of it is bad or expired.")
final class CollateralCheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE|DIR", description = "What collateral fetch wrote.")
  Path collateral = Path.of("");

  @Mixin EndorsementOptions endorsements = new EndorsementOptions();

  @Option(
      names = "--warn-days",
      paramLabel = "N",
      defaultValue = "7",
      description = "Warn of what ends within so many days (default: ${DEFAULT-VALUE}).")
  int warnDays = CollateralChecks.WARN_DAYS;

  @Override
  public Integer call() throws IOException {
    if (warnDays < 0) {
      throw new UsageException("--warn-days: must not be negative");
    }
    List<Diagnosis> found =
        CollateralChecks.of(collateral, endorsements.trustedRoot(), endorsements.time(), warnDays);
    boolean bad = false;
    for (Diagnosis one : found) {
      System.out.println(one.line());
      bad |= one.level() == Diagnosis.Level.FAIL;
    }
    return (bad ? ExitCode.KEY_DENIED : ExitCode.DONE).status();
  }
}
