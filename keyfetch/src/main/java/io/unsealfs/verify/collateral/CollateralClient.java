package io.unsealfs.verify.collateral;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.PlatformType;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Fetches collateral from Intel's service or from a caching service (PCCS) that speaks like it.
 * Follows no redirect, uses no proxy but the one it was given, bounds every answer. Checks nothing:
 * what came must still be loaded as endorsements.
 */
public final class CollateralClient implements AutoCloseable {
  /** Intel's own service. */
  public static final URI INTEL = URI.create("https://api.trustedservices.intel.com");

  private static final URI INTEL_ROOT_CRL =
      URI.create("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_CHAIN_CHARS = 32 << 10;
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);

  private final URI base;
  private final URI rootCrl;
  private final String update;
  private final HttpClient http;

  /** The body of an answer and the issuer chain from its header. */
  @SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
  private record Answer(byte[] body, String chain) {}

  /**
   * A client.
   *
   * @param base scheme, host and port of the service; paths are added
   * @param update {@code standard}, or {@code early} for findings that are not enforced yet
   * @param proxy an HTTP proxy; none if empty, whatever the environment says
   */
  public CollateralClient(URI base, String update, Optional<InetSocketAddress> proxy) {
    this.base = base;
    this.rootCrl =
        base.equals(INTEL) ? INTEL_ROOT_CRL : base.resolve("/sgx/certification/v4/rootcacrl");
    this.update = update;
    this.http =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT)
            .proxy(proxy.map(ProxySelector::of).orElse(HttpClient.Builder.NO_PROXY))
            .build();
  }

  /**
   * Fetches everything about one type of platform.
   *
   * @throws CollateralException if the service does not answer as it must
   */
  public Collateral fetch(PlatformType platform) throws IOException, InterruptedException {
    String tee = platform.tee() == Claims.Tee.TDX ? "/tdx" : "/sgx";
    Answer tcb =
        get(
            base.resolve(
                tee
                    + "/certification/v4/tcb?fmspc="
                    + platform.fmspc().toUpperCase(Locale.ROOT)
                    + "&update="
                    + update),
            "TCB-Info-Issuer-Chain",
            "SGX-TCB-Info-Issuer-Chain");
    Answer qe =
        get(
            base.resolve(tee + "/certification/v4/qe/identity?update=" + update),
            "SGX-Enclave-Identity-Issuer-Chain");
    Answer pckCrl =
        get(
            base.resolve(
                "/sgx/certification/v4/pckcrl?ca=" + platform.authority().word() + "&encoding=der"),
            "SGX-PCK-CRL-Issuer-Chain");
    Answer root = get(rootCrl);
    try {
      AnswerCutter tcbInfo = AnswerCutter.cut(tcb.body(), "tcbInfo");
      AnswerCutter qeIdentity = AnswerCutter.cut(qe.body(), "enclaveIdentity");
      return new Collateral(
          tcbInfo.text(),
          tcbInfo.signature(),
          tcb.chain(),
          qeIdentity.text(),
          qeIdentity.signature(),
          qe.chain(),
          derOrHex(root.body()),
          derOrHex(pckCrl.body()),
          Optional.of(pckCrl.chain()),
          Optional.empty());
    } catch (IOException e) {
      throw new CollateralException(
          "collateral service %s: %s; is it one of version 4?".formatted(base, e.getMessage()), e);
    }
  }

  private Answer get(URI uri, String... chainHeaders) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(ANSWER).GET().build();
    HttpResponse<InputStream> response;
    byte[] body;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        body = in.readNBytes(MAX_BYTES + 1);
      }
    } catch (IOException e) {
      throw new CollateralException(
          "collateral service %s: cannot be reached (%s); check address, network and proxy"
              .formatted(uri, e.getClass().getSimpleName()),
          e);
    }
    if (response.statusCode() != 200) {
      throw new CollateralException(
          "collateral service %s: answered with status %d; %s"
              .formatted(
                  uri,
                  response.statusCode(),
                  response.statusCode() == 404
                      ? "it does not know this platform"
                      : "see its log, and --url"));
    }
    if (body.length > MAX_BYTES) {
      throw new CollateralException(
          "collateral service %s: the answer is longer than %d bytes".formatted(uri, MAX_BYTES));
    }
    return new Answer(body, chainHeaders.length == 0 ? "" : chain(uri, response, chainHeaders));
  }

  private static String chain(URI uri, HttpResponse<?> response, String... headers)
      throws CollateralException {
    for (String name : headers) {
      List<String> values = response.headers().allValues(name);
      if (values.size() == 1 && values.get(0).length() <= MAX_CHAIN_CHARS) {
        try {
          return URLDecoder.decode(values.get(0), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
          throw new CollateralException(
              "collateral service %s: header %s is not URL-encoded".formatted(uri, name), e);
        }
      }
    }
    throw new CollateralException(
        "collateral service %s: the answer lacks header %s".formatted(uri, headers[0]));
  }

  /** Caching services answer in hexadecimal where Intel's answers in DER. */
  private static byte[] derOrHex(byte[] body) throws IOException {
    if (body.length > 0 && body[0] == 0x30 && !isHexDigit(body, 1)) {
      return body;
    }
    String text = new String(body, StandardCharsets.ISO_8859_1).strip();
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      if (body.length > 0 && body[0] == 0x30) {
        return body;
      }
      throw new IOException("a revocation list is neither DER nor hexadecimal", e);
    }
  }

  private static boolean isHexDigit(byte[] body, int at) {
    return at < body.length && Character.digit(body[at], 16) >= 0;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
