package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where store credentials come from; object-storage.md sections 2 and 3.2. */
public sealed interface CredentialChoice {

  /** The first that is there: environment, pod identity, machine role. */
  record Auto() implements CredentialChoice {}

  /** None: requests are not signed. */
  record Anonymous() implements CredentialChoice {}

  /** Given by the program: those that came with the key. */
  record Given() implements CredentialChoice {}

  /** Environment variables. */
  record Environment() implements CredentialChoice {}

  /** A file, read again when it changes. */
  record File(Path path) implements CredentialChoice {}

  /** The role of the machine, OSS; found out if not named. */
  record RamRole(Optional<String> role) implements CredentialChoice {}

  /** The identity of a pod: a token file exchanged for credentials. */
  record Oidc() implements CredentialChoice {}

  /** The role of the machine, S3. */
  record Imds() implements CredentialChoice {}

  /** What a role may be called. */
  Pattern ROLE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /**
   * Reads the value of the setting {@code credentials}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static CredentialChoice parse(String text) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? text : text.substring(0, colon);
    Optional<String> detail = colon < 0 ? Optional.empty() : Optional.of(text.substring(colon + 1));
    boolean path = detail.stream().noneMatch(d -> d.isEmpty() || d.indexOf('\0') >= 0);
    if (kind.equals("file") && detail.isPresent() && path) {
      return new File(Path.of(detail.get()));
    }
    if (kind.equals("ram-role") && detail.stream().allMatch(r -> ROLE.matcher(r).matches())) {
      return new RamRole(detail);
    }
    if (detail.isEmpty()) {
      return switch (kind) {
        case "auto" -> new Auto();
        case "anonymous" -> new Anonymous();
        case "static" -> new Given();
        case "env" -> new Environment();
        case "oidc" -> new Oidc();
        case "imds" -> new Imds();
        default -> throw unknown(text);
      };
    }
    throw unknown(text);
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "the setting credentials is \""
            + Name.of(text.substring(0, Math.min(40, text.length())))
            + "\"; known are auto, anonymous, static, env, file:PATH, ram-role[:NAME], oidc, imds");
  }
}
