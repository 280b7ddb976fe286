package io.unsealfs.daemon;

import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
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

  /** Whether any of them was given. */
  boolean isAny() {
    return notBefore != null
        || notAfter != null
        || expiresAt != null
        || volumeDigest != null
        || headerDigest != null;
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
            true));
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
