package io.unsealfs.key.cdh;

import io.unsealfs.key.KeyReferenceException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the data hub listens. On this host only: the secret comes in the clear, and who answers
 * chooses the key, so a name or an address from the environment must not lead out of the guest.
 *
 * @param socket a loopback address and a port
 */
public record HubAddress(InetSocketAddress socket) {
  /** Where api-server-rest listens unless told otherwise. */
  public static final String DEFAULT = "http://127.0.0.1:8006";

  private static final Pattern URL =
      Pattern.compile(
          "http://(localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1])(?::([1-9][0-9]{0,4}))?/?",
          Pattern.CASE_INSENSITIVE);
  private static final int HTTP_PORT = 80;
  private static final int MAX_PORT = 65_535;

  /**
   * Reads {@code http://127.0.0.1:8006}.
   *
   * @throws KeyReferenceException if it is anything but plain HTTP to a loopback address
   */
  public static HubAddress parse(String url) throws KeyReferenceException {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw refused(url);
    }
    String port = matcher.group(2);
    int number = port == null ? HTTP_PORT : Integer.parseInt(port);
    String host = matcher.group(1);
    if (number > MAX_PORT) {
      throw refused(url);
    }
    try {
      // literals only, so that no resolver is asked
      InetAddress address =
          InetAddress.getByName(host.equalsIgnoreCase("localhost") ? "127.0.0.1" : host);
      return new HubAddress(new InetSocketAddress(address, number));
    } catch (UnknownHostException e) {
      throw refused(url);
    }
  }

  private static KeyReferenceException refused(String url) {
    return new KeyReferenceException(
        "data hub address %s is not http://ADDRESS:PORT with a loopback address; the hub is in this"
                .formatted(url)
            + " guest, by default "
            + DEFAULT);
  }

  @Override
  public String toString() {
    String host = socket.getAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[::1]") + ":" + socket.getPort();
  }
}
