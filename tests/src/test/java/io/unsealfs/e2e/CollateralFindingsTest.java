package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.doctor.CollateralChecks;
import io.unsealfs.daemon.doctor.Diagnosis;
import io.unsealfs.verify.collateral.CollateralFile;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What doctor says of real collateral as its end comes near. */
class CollateralFindingsTest {
  @TempDir Path directory;

  private static Diagnosis look(Path collateral, Instant now) throws IOException {
    return CollateralChecks.of(collateral, TrustedRoot.intel(), now, CollateralChecks.WARN_DAYS)
        .getFirst();
  }

  @Test
  void collateralIsGoodThenWorthAWarningThenOver() throws IOException {
    Path file = Needs.vectors("tdx-quotes/v4-uptodate-collateral.json");
    Instant end = Endorsements.load(CollateralFile.read(file), TrustedRoot.intel()).expires();
    Diagnosis good = look(file, end.minus(Duration.ofDays(8)));
    assertEquals(Diagnosis.Level.OK, good.level(), good.line());
    Diagnosis ending = look(file, end.minus(Duration.ofDays(2)));
    assertEquals(Diagnosis.Level.WARN, ending.level(), ending.line());
    assertTrue(ending.finding().contains("48 hours left"), ending.line());
    Diagnosis over = look(file, end.plusSeconds(1));
    assertEquals(Diagnosis.Level.FAIL, over.level(), over.line());
    for (Diagnosis bad : new Diagnosis[] {ending, over}) {
      assertTrue(bad.mend().contains("unsealfs collateral fetch"), bad.line());
    }
  }

  @Test
  void whatWasChangedIsNotIntels() throws IOException {
    Path file = Needs.vectors("tdx-quotes/v4-uptodate-collateral.json");
    String text = Files.readString(file);
    Path changed = directory.resolve("changed.json");
    Files.writeString(changed, text.replaceFirst("UpToDate", "UpTodate"));
    Diagnosis found = look(changed, Instant.now());
    assertEquals(Diagnosis.Level.FAIL, found.level(), found.line());
  }
}
