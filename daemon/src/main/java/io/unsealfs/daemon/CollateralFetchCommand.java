package io.unsealfs.daemon;

import io.unsealfs.attest.EvidenceFile;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.collateral.CollateralClient;
import io.unsealfs.verify.collateral.CollateralException;
import io.unsealfs.verify.collateral.CollateralFile;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.dcap.QuoteVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unsealfs collateral fetch}. */
@Command(
    name = "fetch",
    description =
        "Fetches collateral for one type of platform, verifies it and writes it into a directory."
            + " What is there stays if anything is wrong with the new.")
final class CollateralFetchCommand implements Callable<Integer> {
  private static final Pattern PROXY =
      Pattern.compile("(?:http://)?([^/:\\[\\]]+|\\[.*]):([0-9]{1,5})");

  @Option(
      names = "--evidence",
      paramLabel = "FILE",
      description = "A quote of a machine of that type; instead of --fmspc and --ca.")
  @Nullable Path evidence;

  @Option(names = "--fmspc", paramLabel = "HEX", description = "Type of platform, 12 digits.")
  @Nullable String fmspc;

  @Option(
      names = "--ca",
      paramLabel = "platform|processor",
      defaultValue = "platform",
      description = "Who certified the platform (default: ${DEFAULT-VALUE}).")
  String authority = "platform";

  @Option(
      names = "--tee",
      paramLabel = "tdx|sgx",
      defaultValue = "tdx",
      description = "Kind of TEE (default: ${DEFAULT-VALUE}).")
  String tee = "tdx";

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The service: a PCCS, or Intel's own (default: Intel's).")
  @Nullable String url;

  @Option(
      names = "--proxy",
      paramLabel = "HOST:PORT",
      description = "HTTP proxy; without it none is used.")
  @Nullable String proxy;

  @Option(
      names = "--update",
      paramLabel = "standard|early",
      defaultValue = "standard",
      description = "Which findings to take into account (default: ${DEFAULT-VALUE}).")
  String update = "standard";

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "Where to write it; the file is named after the type of platform.")
  Path directory = Path.of("");

  @Mixin EndorsementOptions endorsements = new EndorsementOptions();

  @Override
  public Integer call() throws IOException, InterruptedException {
    PlatformType platform = platform();
    if (!update.equals("standard") && !update.equals("early")) {
      throw new UsageException("--update " + update + ": neither standard nor early");
    }
    Collateral fetched;
    try (CollateralClient client = new CollateralClient(service(), update, proxy())) {
      fetched = client.fetch(platform);
    }
    Endorsements checked = Endorsements.load(fetched, endorsements.trustedRoot());
    checked.check(endorsements.time());
    if (!checked.platform().equals(platform)) {
      throw new CollateralException(
          "collateral service: asked for %s, got %s"
              .formatted(platform.word(), checked.platform().word()));
    }
    Path file = directory.resolve(platform.word() + ".json");
    CollateralFile.write(file, fetched);
    System.out.println(
        file
            + ": in force until "
            + checked.expires()
            + " ("
            + checked.expiringPiece()
            + "), evaluation number "
            + checked.evaluationNumber());
    return ExitCode.DONE.status();
  }

  private PlatformType platform() throws IOException {
    Path file = evidence;
    String type = fmspc;
    if ((file == null) == (type == null)) {
      throw new UsageException("one of --evidence FILE and --fmspc HEX is needed");
    }
    if (file != null) {
      try (InputStream in = Files.newInputStream(file)) {
        return QuoteVerifier.platform(
            Quote.parse(
                EvidenceFile.read(in.readNBytes(EvidenceFile.MAX_BYTES)).evidence().quote()));
      }
    }
    if (type == null || !type.matches("[0-9A-Fa-f]{12}")) {
      throw new UsageException("--fmspc: not 12 hexadecimal digits");
    }
    return new PlatformType(
        switch (tee) {
          case "tdx" -> Claims.Tee.TDX;
          case "sgx" -> Claims.Tee.SGX;
          default -> throw new UsageException("--tee " + tee + ": neither tdx nor sgx");
        },
        type.toLowerCase(Locale.ROOT),
        switch (authority) {
          case "platform" -> PlatformType.Authority.PLATFORM;
          case "processor" -> PlatformType.Authority.PROCESSOR;
          default ->
              throw new UsageException("--ca " + authority + ": neither platform nor processor");
        });
  }

  private URI service() throws UsageException {
    String text = url;
    if (text == null) {
      return CollateralClient.INTEL;
    }
    try {
      URI uri = URI.create(text);
      if (("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException("--url " + text + ": not a URL");
    }
    throw new UsageException("--url " + text + ": must be http://HOST:PORT or https://HOST:PORT");
  }

  private Optional<InetSocketAddress> proxy() throws UsageException {
    String text = proxy;
    if (text == null) {
      return Optional.empty();
    }
    Matcher matcher = PROXY.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 0xFFFF) {
      throw new UsageException("--proxy " + text + ": must be HOST:PORT");
    }
    String host = matcher.group(1);
    return Optional.of(
        InetSocketAddress.createUnresolved(
            host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
            Integer.parseInt(matcher.group(2))));
  }
}
