package io.unsealfs.key.grpc;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One key server: host name or address, and port.
 *
 * @param host an IPv6 literal stands in brackets
 * @param port 1 to 65535
 */
record ServerAddress(String host, int port) {
  private static final Pattern TEXT =
      Pattern.compile("(?<host>[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]):(?<port>[0-9]{1,5})");

  static Optional<ServerAddress> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int port = Integer.parseInt(matcher.group("port"));
    return port < 1 || port > 65535
        ? Optional.empty()
        : Optional.of(new ServerAddress(matcher.group("host"), port));
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
