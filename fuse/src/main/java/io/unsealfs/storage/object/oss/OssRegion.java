package io.unsealfs.storage.object.oss;

import io.unsealfs.storage.object.StoreSettings;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a bucket is; object-storage.md section 3, "Addressing".
 *
 * @param name region as signatures have it, without {@code oss-}
 * @param endpoint scheme, host and port, without the bucket
 */
record OssRegion(String name, String endpoint) {
  private static final Pattern HOST =
      Pattern.compile("(?:s3\\.)?oss-([a-z0-9-]+?)(?:-internal)?\\.aliyuncs\\.com");

  /**
   * From the settings, the endpoint's name, or the environment (OSS_REGION,
   * ALIBABA_CLOUD_REGION_ID).
   *
   * @throws IllegalArgumentException if none of them tells
   */
  static OssRegion of(StoreSettings settings) {
    Optional<String> name =
        named(settings, System.getenv())
            .map(region -> region.startsWith("oss-") ? region.substring(4) : region);
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          "the region of the oss:// source is not known; set region, for example cn-hangzhou");
    }
    String endpoint =
        settings
            .endpoint()
            .map(URI::toString)
            .orElse("https://oss-" + name.get() + ".aliyuncs.com");
    return new OssRegion(name.get(), endpoint);
  }

  /** What settings, endpoint or environment call it. */
  static Optional<String> named(StoreSettings settings, Map<String, String> environment) {
    return settings
        .region()
        .or(() -> settings.endpoint().flatMap(OssRegion::ofHost))
        .or(() -> word(environment.get("OSS_REGION")))
        .or(() -> word(environment.get("ALIBABA_CLOUD_REGION_ID")));
  }

  private static Optional<String> ofHost(URI endpoint) {
    Matcher matcher = HOST.matcher(endpoint.getHost());
    return matcher.matches() && !matcher.group(1).equals("accelerate")
        ? Optional.of(matcher.group(1))
        : Optional.empty();
  }

  private static Optional<String> word(@Nullable String value) {
    return Optional.ofNullable(value).filter(region -> region.matches("[a-z0-9-]{1,63}"));
  }
}
