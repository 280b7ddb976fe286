package io.unsealfs.keyserver;

import io.unsealfs.key.LeaseTerms;
import io.unsealfs.yaml.YamlException;
import io.unsealfs.yaml.YamlMapping;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code lease: {expires_after: 1h, renew_every: 5m}} of a secret, and its durations. */
public final class LeaseConfig {
  /** What a duration must be, for messages. */
  public static final String DURATION_FORM =
      "must be a duration such as 30s, 5m, 1h or 7d, at most 3660d";

  private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,8})([smhd])");

  private LeaseConfig() {}

  /**
   * The lease that {@code entry} states, or none. One that asks for renewal has to end: otherwise
   * whoever cuts the network off would keep the key for ever.
   */
  static LeaseTerms of(YamlMapping entry) throws YamlException {
    Optional<YamlMapping> found = entry.mapping("lease");
    if (found.isEmpty()) {
      return LeaseTerms.NONE;
    }
    YamlMapping lease = found.get();
    Duration expiresAfter = duration(lease, "expires_after", lease.text("expires_after"));
    Optional<String> text = lease.optionalText("renew_every");
    Optional<Duration> renewEvery =
        text.isEmpty() ? Optional.empty() : Optional.of(duration(lease, "renew_every", text.get()));
    if (renewEvery.isPresent() && renewEvery.get().compareTo(expiresAfter) >= 0) {
      throw lease.bad("renew_every", "must be shorter than expires_after");
    }
    lease.finish();
    return new LeaseTerms(Optional.of(expiresAfter), renewEvery);
  }

  private static Duration duration(YamlMapping lease, String key, String text)
      throws YamlException {
    Optional<Duration> duration = duration(text);
    if (duration.isEmpty()) {
      throw lease.bad(key, DURATION_FORM);
    }
    return duration.get();
  }

  /** What {@code 5m} and the like stand for; empty if it is nothing of that form, or too long. */
  public static Optional<Duration> duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        };
    return Optional.of(duration).filter(fit -> fit.compareTo(LeaseTerms.LONGEST) <= 0);
  }
}
