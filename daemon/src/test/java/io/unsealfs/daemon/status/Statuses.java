package io.unsealfs.daemon.status;

import java.util.List;
import java.util.Optional;

/** Made-up statuses. */
final class Statuses {
  private Statuses() {}

  static MountStatus of(long readBytes, long uptimeMillis, MountStatus.FileErrors... errors) {
    return of(readBytes, uptimeMillis, Optional.of(store()), errors);
  }

  /** Of a source that is no bucket. */
  static MountStatus ofLocal() {
    return of(7, 8, Optional.empty());
  }

  private static MountStatus of(
      long readBytes,
      long uptimeMillis,
      Optional<MountStatus.Store> store,
      MountStatus.FileErrors... errors) {
    return new MountStatus(
        "1.0",
        4711,
        "/models",
        "/srv/enc",
        "ready",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        uptimeMillis,
        Optional.of("gocryptfs"),
        Optional.of("transport kernel"),
        new MountStatus.Key(
            Optional.of("grpc"), "held", Optional.of(3000L), 7, 1, Optional.of("busy"), "unmount"),
        new MountStatus.Cache(256 << 20, 1 << 20, 30, 10, 0, 2, 5000, readBytes),
        new MountStatus.Work(41, 5_000_000_000L, 43, 44, 7_000_000_000L, 46, 8_000_000_000L, 48),
        new MountStatus.ReadAhead(2 << 20, 9, 1),
        Optional.empty(),
        new MountStatus.Resident(false, "not asked for", 0, 0, 0, 0, 0, 0, 0),
        new MountStatus.Requests(100, 50, readBytes, 3, errors.length, 1),
        new MountStatus.Errors(errors.length, errors.length, errors.length, 0, List.of(errors)),
        store,
        Optional.of(600L));
  }

  static MountStatus.Store store() {
    return new MountStatus.Store(
        "s3",
        100,
        3,
        1000,
        2000,
        3000,
        4,
        5,
        6,
        1500,
        500,
        70,
        30,
        7,
        8,
        900,
        new MountStatus.Faults(
            9,
            2,
            1,
            List.of(new MountStatus.Counted("throttled", 4)),
            List.of(new MountStatus.Counted("range", 11)),
            12),
        new MountStatus.Pace(4_000_000_000L, 6_000_000_000L, 1_000_000_000L, 13),
        new MountStatus.Ahead(14, 64, 15),
        new MountStatus.Chunks(16, 17, 18, 19, 20, 3, 21),
        Optional.of(
            new MountStatus.Listing(
                22,
                2300,
                List.of(new MountStatus.Skipped("nul", 24)),
                25,
                1,
                9_000_000_000L,
                10,
                27,
                28)),
        Optional.of(new MountStatus.Heads(3, 1, 2_000_000_000L, 5_000_000_000L)),
        new MountStatus.Credentials(Optional.of(29L), 30, 31));
  }
}
