package io.unsealfs.storage.object.credentials;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What requests to a store are signed with. The SDKs want text, so text it is; {@link #toString}
 * does not show it.
 */
public final class StoreCredentials {
  private static final int PART_MAX = 4096;
  private static final StoreCredentials ANONYMOUS =
      new StoreCredentials("", "", Optional.empty(), Optional.empty());

  private final String accessKeyId;
  private final String accessKeySecret;
  private final Optional<String> securityToken;
  private final Optional<Instant> expires;

  private StoreCredentials(
      String accessKeyId,
      String accessKeySecret,
      Optional<String> securityToken,
      Optional<Instant> expires) {
    this.accessKeyId = accessKeyId;
    this.accessKeySecret = accessKeySecret;
    this.securityToken = securityToken;
    this.expires = expires;
  }

  /** None: requests are not signed. */
  public static StoreCredentials anonymous() {
    return ANONYMOUS;
  }

  /**
   * Credentials of these parts.
   *
   * @param expires when they end; empty if they do not
   * @throws IllegalArgumentException if a part is empty, too long, or could break a header; the
   *     message does not show it
   */
  public static StoreCredentials of(
      String accessKeyId,
      String accessKeySecret,
      Optional<String> securityToken,
      Optional<Instant> expires) {
    Predicate<String> fine =
        part ->
            !part.isEmpty()
                && part.length() <= PART_MAX
                && part.chars().allMatch(c -> c > 0x20 && c < 0x7f);
    if (!fine.test(accessKeyId)
        || !fine.test(accessKeySecret)
        || !securityToken.stream().allMatch(fine)) {
      throw new IllegalArgumentException(
          "store credentials have an empty, overlong or unprintable part");
    }
    return new StoreCredentials(accessKeyId, accessKeySecret, securityToken, expires);
  }

  /** Whether requests go unsigned. */
  public boolean isAnonymous() {
    return accessKeyId.isEmpty();
  }

  /** Whose they are. */
  public String accessKeyId() {
    return accessKeyId;
  }

  /** What signs. */
  public String accessKeySecret() {
    return accessKeySecret;
  }

  /** What goes along with temporary ones. */
  public Optional<String> securityToken() {
    return securityToken;
  }

  /** When they end; empty if they do not. */
  public Optional<Instant> expires() {
    return expires;
  }

  /** Whether both are the same credentials, whatever their end. */
  boolean same(StoreCredentials other) {
    return accessKeyId.equals(other.accessKeyId)
        && accessKeySecret.equals(other.accessKeySecret)
        && securityToken.equals(other.securityToken);
  }

  /** Constant but for the end: nothing of it is to get into a log. */
  @Override
  public String toString() {
    return "StoreCredentials" + expires.map(end -> " until " + end).orElse("");
  }
}
