package io.unsealfs.daemon.doctor;

import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.collateral.CollateralDirectory;
import io.unsealfs.verify.collateral.CollateralFile;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks at collateral: whether it is genuine, and for how long it still serves. */
public final class CollateralChecks {
  /** How many days before its end collateral is worth a warning. */
  public static final int WARN_DAYS = 7;

  private static final String MEND = "unsealfs collateral fetch gets it anew";

  private CollateralChecks() {}

  /**
   * Looks at one file or at all of a directory.
   *
   * @param warnDays how many days before the end is worth a warning
   * @throws IOException if it cannot be read
   */
  public static List<Diagnosis> of(Path collateral, TrustedRoot root, Instant now, int warnDays)
      throws IOException {
    List<Diagnosis> found = new ArrayList<>();
    if (Files.isDirectory(collateral)) {
      Map<String, CollateralDirectory.Found> all =
          new CollateralDirectory(collateral, root, System::nanoTime).all();
      all.forEach((name, one) -> found.add(look(name, one, now, warnDays)));
      if (all.isEmpty()) {
        found.add(Diagnosis.fail("collateral " + collateral, "no *.json file", MEND));
      }
      return found;
    }
    CollateralDirectory.Found one;
    try {
      Endorsements endorsements = Endorsements.load(CollateralFile.read(collateral), root);
      one = new CollateralDirectory.Found.Good(endorsements.platform(), endorsements);
    } catch (VerificationException e) {
      one = new CollateralDirectory.Found.Bad(e);
    }
    found.add(look(String.valueOf(collateral.getFileName()), one, now, warnDays));
    return found;
  }

  private static Diagnosis look(
      String name, CollateralDirectory.Found found, Instant now, int warnDays) {
    return switch (found) {
      case CollateralDirectory.Found.Bad bad ->
          Diagnosis.fail("collateral " + name, String.valueOf(bad.why().getMessage()), MEND);
      case CollateralDirectory.Found.Good good -> look(name, good, now, warnDays);
    };
  }

  private static Diagnosis look(
      String name, CollateralDirectory.Found.Good good, Instant now, int warnDays) {
    Endorsements endorsements = good.endorsements();
    String what = "collateral " + name;
    try {
      endorsements.check(now);
    } catch (VerificationException e) {
      return Diagnosis.fail(what, String.valueOf(e.getMessage()), MEND);
    }
    String finding =
        "%s, evaluation number %d, in force until %s (%s)"
            .formatted(
                good.platform().word(),
                endorsements.evaluationNumber(),
                endorsements.expires(),
                endorsements.expiringPiece());
    Duration left = Duration.between(now, endorsements.expires());
    return left.compareTo(Duration.ofDays(warnDays)) < 0
        ? Diagnosis.warn(what, finding + ", " + left.toHours() + " hours left", MEND)
        : Diagnosis.ok(what, finding);
  }
}
