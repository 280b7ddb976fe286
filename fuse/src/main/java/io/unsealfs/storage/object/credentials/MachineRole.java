package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Credentials of the virtual machine's role, from its metadata host, in the hardened manner only: a
 * token first, got with PUT, then everything with the token. The host is outside the trust
 * boundary: what it says is store credentials and nothing else.
 */
public final class MachineRole implements CredentialFetcher {
  private static final Duration CONNECT = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9+=,.@_-]{1,128}");
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,1024}");
  private static final String TOKEN_SECONDS = "300";

  private final URI host;
  private final String path;
  private final String lifeHeader;
  private final String tokenHeader;
  private final Optional<String> role;
  private final CredentialHttp http = new CredentialHttp(CONNECT, ANSWER);

  private MachineRole(
      URI host, String path, String lifeHeader, String tokenHeader, Optional<String> role) {
    this.host = host;
    this.path = path;
    this.lifeHeader = lifeHeader;
    this.tokenHeader = tokenHeader;
    this.role = role;
  }

  /** The RAM role of an ECS instance. */
  public static MachineRole ecs(Optional<String> role) {
    return ecs(URI.create("http://100.100.100.200"), role);
  }

  /** The same, from another host. */
  static MachineRole ecs(URI host, Optional<String> role) {
    return new MachineRole(
        host,
        "/latest/meta-data/ram/security-credentials/",
        "X-aliyun-ecs-metadata-token-ttl-seconds",
        "X-aliyun-ecs-metadata-token",
        role);
  }

  /** The role of an EC2 instance, IMDSv2. */
  public static MachineRole ec2() {
    return ec2(URI.create("http://169.254.169.254"));
  }

  /** The same, from another host. */
  static MachineRole ec2(URI host) {
    return new MachineRole(
        host,
        "/latest/meta-data/iam/security-credentials/",
        "X-aws-ec2-metadata-token-ttl-seconds",
        "X-aws-ec2-metadata-token",
        Optional.empty());
  }

  @Override
  public StoreCredentials fetch() throws IOException {
    String what = "credentials of the machine's role from " + host;
    String token =
        text(
            what,
            TOKEN,
            http.send(
                what,
                "PUT",
                host.resolve("/latest/api/token"),
                Map.of(lifeHeader, List.of(TOKEN_SECONDS)),
                ""));
    Map<String, List<String>> headers = Map.of(tokenHeader, List.of(token));
    String name = role.isPresent() ? role.get() : findRole(what, headers);
    byte[] json = http.send(what, "GET", host.resolve(path + name), headers, "");
    Map<String, String> values = FlatJson.read(what, json);
    if (!values.getOrDefault("Code", "Success").equals("Success")) {
      throw new StoreDeniedException(what + ": the host has none for this role");
    }
    return CredentialParts.of(what, values, "");
  }

  private String findRole(String what, Map<String, List<String>> headers) throws IOException {
    byte[] list = http.send(what, "GET", host.resolve(path), headers, "");
    String text = new String(list, StandardCharsets.US_ASCII).strip();
    return text(
        what, ROLE, text.lines().findFirst().orElse("").getBytes(StandardCharsets.US_ASCII));
  }

  private static String text(String what, Pattern rule, byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.US_ASCII).strip();
    if (!rule.matcher(text).matches()) {
      throw new StoreProtocolException(what + ": the host answers nonsense");
    }
    return text;
  }

  @Override
  public void close() {
    http.close();
  }
}
