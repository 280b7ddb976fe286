package io.unsealfs.storage.object.credentials;

import io.unsealfs.storage.object.StoreProtocolException;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The metadata host of a virtual machine, in the hardened manner only: a token first, got with PUT,
 * then everything with the token. The host is outside the trust boundary.
 */
final class MachineMetadata implements Closeable {
  private static final URI ECS = URI.create("http://100.100.100.200");
  private static final URI EC2 = URI.create("http://169.254.169.254");

  /** Short: a machine without such a host is to notice soon. */
  private static final Duration CONNECT = Duration.ofSeconds(1);

  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,1024}");
  private static final String TOKEN_SECONDS = "300";

  private final URI host;
  private final String tokenHeader;
  private final CredentialHttp http = new CredentialHttp(CONNECT, ANSWER);

  private MachineMetadata(URI host, String tokenHeader) {
    this.host = host;
    this.tokenHeader = tokenHeader;
  }

  /** That of an ECS instance. */
  static MachineMetadata ecs() {
    return ecs(ECS);
  }

  /** The same, at another address. */
  static MachineMetadata ecs(URI host) {
    return new MachineMetadata(host, "X-aliyun-ecs-metadata-token");
  }

  /** That of an EC2 instance, IMDSv2. */
  static MachineMetadata ec2() {
    return ec2(EC2);
  }

  /** The same, at another address. */
  static MachineMetadata ec2(URI host) {
    return new MachineMetadata(host, "X-aws-ec2-metadata-token");
  }

  URI host() {
    return host;
  }

  /**
   * A new token: the headers of the questions that follow.
   *
   * @param what what is asked for: the beginning of a message
   */
  Map<String, List<String>> token(String what) throws IOException {
    byte[] token =
        http.send(
            what,
            "PUT",
            host.resolve("/latest/api/token"),
            Map.of(tokenHeader + "-ttl-seconds", List.of(TOKEN_SECONDS)),
            "");
    return Map.of(tokenHeader, List.of(word(what, TOKEN, token)));
  }

  /** What the host has at {@code path}. */
  byte[] get(String what, String path, Map<String, List<String>> headers) throws IOException {
    return http.send(what, "GET", host.resolve(path), headers, "");
  }

  /** A word that follows {@code rule}; what does not is not quoted. */
  static String word(String what, Pattern rule, byte[] bytes) throws IOException {
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
