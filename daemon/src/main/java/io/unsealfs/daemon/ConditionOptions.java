package io.unsealfs.daemon;

import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.LeaseConfig;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** When a version of a secret is released, and what travels with it. */
final class ConditionOptions {
  @Option(
      names = "--not-before",
      paramLabel = "TIME",
      description = "Release it from then on, such as 2027-01-31T12:00:00Z.")
  @Nullable Instant notBefore;

  @Option(names = "--not-after", paramLabel = "TIME", description = "Release it before then only.")
  @Nullable Instant notAfter;

  @Option(
      names = "--expires-at",
      paramLabel = "TIME",
      description = "Tell clients not to use it from then on; nor is it released then.")
  @Nullable Instant expiresAt;

  @Option(
      names = "--volume-digest",
      paramLabel = "sha256:HEX",
      description = "Tell clients which volume it is for.")
  @Nullable String volumeDigest;

  @Option(
      names = "--header-digest",
      paramLabel = "sha256:HEX",
      description = "Tell clients which volume header it is for.")
  @Nullable String headerDigest;

  @Option(
      names = "--lease-expires-after",
      paramLabel = "DURATION",
      description = "Lend it for that long, such as 30s, 5m, 1h or 7d, unless it is renewed.")
  @Nullable String leaseExpiresAfter;

  @Option(
      names = "--lease-renew-every",
      paramLabel = "DURATION",
      description = "Have clients ask for it again that often; needs --lease-expires-after.")
  @Nullable String leaseRenewEvery;

  /** Whether any of them was given. */
  boolean isAny() {
    return notBefore != null
        || notAfter != null
        || expiresAt != null
        || volumeDigest != null
        || headerDigest != null
        || leaseExpiresAfter != null
        || leaseRenewEvery != null;
  }

  Conditions conditions() throws UsageException {
    if (expiresAt != null && !expiresAt.equals(expiresAt.truncatedTo(ChronoUnit.SECONDS))) {
      throw new UsageException("--expires-at: must be a whole second");
    }
    return new Conditions(
        Optional.ofNullable(notBefore),
        Optional.ofNullable(notAfter),
        new SecretTerms(
            digest("--volume-digest", volumeDigest),
            digest("--header-digest", headerDigest),
            Optional.ofNullable(expiresAt),
            lease(),
            true));
  }

  private LeaseTerms lease() throws UsageException {
    Optional<Duration> after = duration("--lease-expires-after", leaseExpiresAfter);
    Optional<Duration> every = duration("--lease-renew-every", leaseRenewEvery);
    if (every.isPresent() && (after.isEmpty() || every.get().compareTo(after.get()) >= 0)) {
      throw new UsageException(
          "--lease-renew-every: needs a --lease-expires-after that is longer than it");
    }
    return new LeaseTerms(after, every);
  }

  private static Optional<Duration> duration(String option, @Nullable String text)
      throws UsageException {
    if (text == null) {
      return Optional.empty();
    }
    Optional<Duration> duration = LeaseConfig.duration(text);
    if (duration.isEmpty()) {
      throw new UsageException(option + ": " + LeaseConfig.DURATION_FORM);
    }
    return duration;
  }

  private static Optional<String> digest(String option, @Nullable String digest)
      throws UsageException {
    if (digest != null && !digest.matches("sha256:[0-9a-f]{64}")) {
      throw new UsageException(
          option + ": must be sha256: and 64 hexadecimal digits in lower case");
    }
    return Optional.ofNullable(digest);
  }
}
