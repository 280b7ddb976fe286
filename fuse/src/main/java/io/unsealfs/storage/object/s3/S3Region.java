package io.unsealfs.storage.object.s3;

import io.unsealfs.storage.object.StoreSettings;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a bucket is, and where the provider answers for that. */
final class S3Region {
  /** What stores that are not AWS expect, where nothing is said. */
  static final String OF_FOREIGN_STORES = "us-east-1";

  private static final Pattern AWS = Pattern.compile("(?:.*\\.)?amazonaws\\.com(?:\\.cn)?");
  private static final Pattern HOST =
      Pattern.compile(
          "(?:.*\\.)?s3[.-](?:dualstack\\.)?([a-z]{2}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2})"
              + "\\.(?:vpce\\.)?amazonaws\\.com(?:\\.cn)?");

  private S3Region() {}

  /** What settings, the endpoint's name or the environment call it. */
  static Optional<String> named(StoreSettings settings, Map<String, String> environment) {
    return settings
        .region()
        .or(() -> settings.endpoint().flatMap(S3Region::ofHost))
        .or(() -> word(environment.get("AWS_REGION")))
        .or(() -> word(environment.get("AWS_DEFAULT_REGION")));
  }

  /** Whether the bucket is one of AWS, so that its region matters. */
  static boolean isAws(StoreSettings settings) {
    return settings.endpoint().map(uri -> AWS.matcher(uri.getHost()).matches()).orElse(true);
  }

  /** The provider's endpoint in a region. */
  static String endpoint(String region) {
    String china = region.startsWith("cn-") ? ".cn" : "";
    return "https://s3." + region + ".amazonaws.com" + china;
  }

  private static Optional<String> ofHost(URI endpoint) {
    Matcher matcher = HOST.matcher(endpoint.getHost());
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private static Optional<String> word(@Nullable String value) {
    return Optional.ofNullable(value).filter(region -> region.matches("[a-z0-9-]{1,63}"));
  }
}
