package io.unsealfs.daemon;

import io.unsealfs.keyserver.LeaseConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a mount shows what it does, and when it ends for want of use. */
final class SeeingOptions {
  /** Where the endpoint listens if nothing else is said. */
  static final int DEFAULT_PORT = 9787;

  private static final Pattern ADDRESS =
      Pattern.compile("(?:(?:\\[([0-9A-Fa-f:.%]{2,64})]|([0-9A-Za-z.-]{0,253})):)?([0-9]{1,5})");

  @Option(
      names = "--metrics",
      arity = "0..1",
      fallbackValue = "" + DEFAULT_PORT,
      paramLabel = "[ADDR:]PORT",
      preprocessor = ReadingOptions.OnlyAttached.class,
      description =
          "Answer /metrics, /healthz, /readyz and /status over HTTP there; without ADDR on loopback"
              + " only, without a value on port 9787, with port 0 on a free one (default: off).")
  @Nullable String metrics;

  @Option(
      names = "--idle",
      paramLabel = "DURATION",
      description =
          "Unmount when nobody used the tree for so long, such as 10m or 2h; open files and"
              + " mappings count as use (default: never).")
  @Nullable String idle;

  /** Where to answer; empty for nowhere. */
  Optional<InetSocketAddress> address() throws UsageException {
    if (metrics == null) {
      return Optional.empty();
    }
    Matcher match = ADDRESS.matcher(metrics);
    if (!match.matches() || Integer.parseInt(match.group(3)) > 0xffff) {
      throw new UsageException(
          "--metrics " + metrics + ": write PORT or ADDR:PORT, an IPv6 address in brackets");
    }
    int port = Integer.parseInt(match.group(3));
    String host = match.group(1) == null ? match.group(2) : match.group(1);
    if (host == null || host.isEmpty()) {
      return Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
    try {
      return Optional.of(new InetSocketAddress(InetAddress.getByName(host), port));
    } catch (UnknownHostException e) {
      throw new UsageException("--metrics " + metrics + ": there is no such address");
    }
  }

  /** Without use until it ends; empty for never. */
  Optional<Duration> idle() throws UsageException {
    if (idle == null) {
      return Optional.empty();
    }
    Optional<Duration> time = LeaseConfig.duration(idle);
    if (time.isEmpty() || time.get().isZero()) {
      throw new UsageException("--idle " + idle + ": " + LeaseConfig.DURATION_FORM);
    }
    return time;
  }
}
