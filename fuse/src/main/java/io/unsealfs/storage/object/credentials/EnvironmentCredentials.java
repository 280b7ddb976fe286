package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Credentials of the process's environment; object-storage.md section 3.2. */
public final class EnvironmentCredentials implements CredentialFetcher {
  /** Names of id, secret and token that belong together. */
  private record Names(String id, String secret, String token) {}

  private static final List<Names> OSS =
      List.of(
          new Names("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
          new Names(
              "ALIBABA_CLOUD_ACCESS_KEY_ID",
              "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
              "ALIBABA_CLOUD_SECURITY_TOKEN"));
  private static final List<Names> S3 =
      List.of(new Names("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"));

  private final Map<String, String> environment;
  private final List<Names> names;

  private EnvironmentCredentials(Map<String, String> environment, List<Names> names) {
    this.environment = environment;
    this.names = names;
  }

  /** Those for OSS. */
  public static EnvironmentCredentials oss(Map<String, String> environment) {
    return new EnvironmentCredentials(environment, OSS);
  }

  /** Those for S3. */
  public static EnvironmentCredentials s3(Map<String, String> environment) {
    return new EnvironmentCredentials(environment, S3);
  }

  /** Whether the environment holds any. */
  public boolean present() {
    return set().isPresent();
  }

  private Optional<Names> set() {
    return names.stream().filter(n -> value(n.id).isPresent()).findFirst();
  }

  private Optional<String> value(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    Names found =
        set()
            .orElseThrow(() ->
                new StoreDeniedException(
                    "no store credentials in the environment; set "
                        + names.getFirst().id
                        + " and "
                        + names.getFirst().secret));
    try {
      return StoreCredentials.of(
          value(found.id).orElse(""),
          value(found.secret).orElse(""),
          value(found.token),
          Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new StoreProtocolException(found.id + " and " + found.secret + ": " + e.getMessage());
    }
  }
}
