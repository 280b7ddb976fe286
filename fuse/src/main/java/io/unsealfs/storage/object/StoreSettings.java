package io.unsealfs.storage.object;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How to talk to a store; object-storage.md section 2.
 *
 * @param endpoint scheme, host and port; empty for the provider's own
 * @param region signing region; empty: from the endpoint or the environment
 * @param pathStyle whether the bucket stands in the path, not in the host name
 * @param signatureV1 oss only: the old signature
 * @param credentials where the credentials come from
 * @param maxConnections connections at a time
 * @param requestTimeout from the request until its answer begins, and for the whole of an answer
 *     without object bytes
 * @param connectTimeout for a connection, with TLS
 * @param stallTimeout how long an answer may bring less than 1 KiB/s
 * @param operationDeadline after which a caller stops to repeat; not used by a store itself
 */
public record StoreSettings(
    Optional<URI> endpoint,
    Optional<String> region,
    boolean pathStyle,
    boolean signatureV1,
    CredentialChoice credentials,
    int maxConnections,
    Duration requestTimeout,
    Duration connectTimeout,
    Duration stallTimeout,
    Duration operationDeadline) {

  /** What holds where nothing is set. */
  public static StoreSettings defaults() {
    return parse(Map.of());
  }

  /**
   * Reads settings by name; hyphens or underscores.
   *
   * @throws IllegalArgumentException for an unknown name or a value that is none, with a message
   *     for its author
   */
  public static StoreSettings parse(Map<String, String> settings) {
    SettingReader reader = new SettingReader(settings);
    StoreSettings read =
        new StoreSettings(
            reader.endpoint("endpoint"),
            reader.word("region"),
            reader.flag("path-style", false),
            reader.choice("signature", "v4", "v1").equals("v1"),
            credentials(reader),
            reader.count("max-connections", 64, 2, 1024),
            reader.duration("request-timeout", Duration.ofSeconds(10)),
            reader.duration("connect-timeout", Duration.ofSeconds(3)),
            reader.duration("stall-timeout", Duration.ofSeconds(10)),
            reader.duration("op-deadline", Duration.ofSeconds(60)));
    reader.refuseUnread();
    return read;
  }

  /** The same in a region. */
  public StoreSettings in(String name) {
    return new StoreSettings(
        endpoint,
        Optional.of(name),
        pathStyle,
        signatureV1,
        credentials,
        maxConnections,
        requestTimeout,
        connectTimeout,
        stallTimeout,
        operationDeadline);
  }

  private static CredentialChoice credentials(SettingReader reader) {
    boolean anonymous = reader.flag("anonymous", false);
    Optional<String> choice = reader.text("credentials");
    if (anonymous && choice.isPresent() && !choice.get().equals("anonymous")) {
      throw new IllegalArgumentException(
          "the settings anonymous and credentials contradict each other");
    }
    return CredentialChoice.parse(anonymous ? "anonymous" : choice.orElse("auto"));
  }
}
