package io.unsealfs.verify.collateral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollateralKeeperTest {
  private static final PlatformType PLATFORM =
      new PlatformType(Claims.Tee.TDX, "b0c06f000000", PlatformType.Authority.PLATFORM);
  private static final PlatformType OTHER =
      new PlatformType(Claims.Tee.TDX, "20a06f000000", PlatformType.Authority.PLATFORM);
  private static final Instant EARLY = Instant.parse("2025-06-21T00:00:00Z");
  private static final Instant LATE = Instant.parse("2025-07-15T00:00:00Z");

  private final List<PlatformType> asked = new CopyOnWriteArrayList<>();
  private final Collateral collateral;
  @TempDir Path files = Path.of("");

  CollateralKeeperTest() throws IOException {
    collateral = Collateral.read(Vectors.bytes("tdx-quotes/v4-uptodate-collateral.json"));
  }

  private CollateralKeeper keeper(Instant now, CollateralKeeper.Fetcher fetcher)
      throws IOException {
    return new CollateralKeeper(
        files,
        new CollateralDirectory(files, TrustedRoot.intel(), () -> 0),
        Optional.of(fetcher),
        TrustedRoot.intel(),
        Clock.fixed(now, ZoneOffset.UTC));
  }

  private Collateral answer(PlatformType platform) {
    asked.add(platform);
    return collateral;
  }

  private Path file() {
    return files.resolve(PLATFORM.word() + ".json");
  }

  @Test
  void whatHasAThirdOfItsLifeLeftIsFetchedAnewAndNotBefore() throws Exception {
    CollateralFile.write(file(), collateral);
    try (CollateralKeeper keeper = keeper(EARLY, this::answer)) {
      keeper.round();
      assertEquals(List.of(), asked);
    }
    try (CollateralKeeper keeper = keeper(LATE, this::answer)) {
      keeper.round();
      assertEquals(List.of(PLATFORM), asked);
    }
  }

  @Test
  void aFailedFetchLeavesWhatThereIs() throws Exception {
    CollateralFile.write(file(), collateral);
    byte[] before = Files.readAllBytes(file());
    try (CollateralKeeper keeper =
        keeper(
            LATE,
            platform -> {
              throw new CollateralException("no answer");
            })) {
      keeper.round();
      assertEquals(PLATFORM, keeper.find(PLATFORM, LATE).platform());
    }
    assertEquals(before.length, Files.readAllBytes(file()).length);
  }

  @Test
  void collateralOfAnotherPlatformOrOutOfDateIsNotTaken() throws Exception {
    try (CollateralKeeper keeper = keeper(EARLY, this::answer)) {
      assertThrows(VerificationException.class, () -> keeper.find(OTHER, EARLY));
      keeper.round();
    }
    try (CollateralKeeper keeper = keeper(Instant.parse("2026-11-21T00:00:00Z"), this::answer)) {
      assertThrows(VerificationException.class, () -> keeper.find(PLATFORM, EARLY));
      keeper.round();
    }
    try (var listed = Files.list(files)) {
      assertEquals(0, listed.count());
    }
    assertTrue(asked.contains(OTHER));
  }
}
