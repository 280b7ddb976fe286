package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Credentials out of named values, whatever their source calls them. */
final class CredentialParts {
  private static final List<String> IDS =
      List.of(
          "AccessKeyId",
          "access_key_id",
          "accessKeyId",
          "aws_access_key_id",
          "OSS_ACCESS_KEY_ID",
          "AWS_ACCESS_KEY_ID");
  private static final List<String> SECRETS =
      List.of(
          "AccessKeySecret",
          "SecretAccessKey",
          "access_key_secret",
          "secret_access_key",
          "accessKeySecret",
          "secretAccessKey",
          "aws_secret_access_key",
          "OSS_ACCESS_KEY_SECRET",
          "AWS_SECRET_ACCESS_KEY");
  private static final List<String> TOKENS =
      List.of(
          "SecurityToken",
          "SessionToken",
          "Token",
          "security_token",
          "session_token",
          "securityToken",
          "sessionToken",
          "aws_session_token",
          "OSS_SESSION_TOKEN",
          "AWS_SESSION_TOKEN");
  private static final List<String> ENDS = List.of("Expiration", "expiration");

  private CredentialParts() {}

  /**
   * Reads them.
   *
   * @param where what the values are of: the beginning of a message
   * @param path what stands before each name
   */
  static StoreCredentials of(String where, Map<String, String> values, String path)
      throws IOException {
    Optional<String> id = first(values, path, IDS);
    Optional<String> secret = first(values, path, SECRETS);
    if (id.isEmpty() || secret.isEmpty()) {
      throw new StoreProtocolException(where + " holds no access key id and secret");
    }
    try {
      return StoreCredentials.of(
          id.get(),
          secret.get(),
          first(values, path, TOKENS),
          first(values, path, ENDS).map(Instant::parse));
    } catch (DateTimeException e) {
      throw new StoreProtocolException(where + " has an expiration that is no time");
    } catch (IllegalArgumentException e) {
      throw new StoreProtocolException(where + ": " + e.getMessage());
    }
  }

  private static Optional<String> first(
      Map<String, String> values, String path, List<String> names) {
    return names.stream()
        .map(name -> Optional.ofNullable(values.get(path + name)))
        .flatMap(Optional::stream)
        .filter(value -> !value.isEmpty())
        .findFirst();
  }
}
