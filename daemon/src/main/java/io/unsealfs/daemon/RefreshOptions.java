package io.unsealfs.daemon;

import io.unsealfs.keyserver.LeaseConfig;
import io.unsealfs.mount.Validity;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether a mounted bucket is looked at again. */
final class RefreshOptions {
  @Option(
      names = "--refresh-interval",
      paramLabel = "DURATION",
      description =
          "Bucket: list again every so often, such as 30s or 5m, and show what changed (default: 0,"
              + " only on SIGHUP).")
  @Nullable String refreshInterval;

  /** Between two looks; zero for only when asked. */
  Duration interval() throws UsageException {
    if (refreshInterval == null || refreshInterval.equals("0")) {
      return Duration.ZERO;
    }
    Optional<Duration> time = LeaseConfig.duration(refreshInterval);
    if (time.isEmpty() || time.get().compareTo(Duration.ofSeconds(1)) < 0) {
      throw new UsageException(
          "--refresh-interval " + refreshInterval + ": " + LeaseConfig.DURATION_FORM + ", or 0");
    }
    return time.get();
  }

  /** How long the kernel may go by what it was told of a source. */
  Validity validity(SourceOptions source) throws UsageException {
    Duration interval = interval();
    return source.isInBucket() ? Validity.refreshed(interval) : Validity.FOREVER;
  }
}
