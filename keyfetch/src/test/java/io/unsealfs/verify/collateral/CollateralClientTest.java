package io.unsealfs.verify.collateral;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.unsealfs.http.HttpEndpoint;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.PlatformType;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that answers as Intel's does, with what Intel signed. */
class CollateralClientTest {
  private static final PlatformType PLATFORM =
      new PlatformType(Claims.Tee.TDX, "b0c06f000000", PlatformType.Authority.PLATFORM);

  private final Collateral original;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Map<String, Reply> replies = new ConcurrentHashMap<>();
  private final HttpServer server;

  /** One answer; the chain goes into the header of that name. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Reply(int status, byte[] body, Map<String, String> headers) {}

  CollateralClientTest() throws IOException {
    original = Collateral.read(Vectors.bytes("tdx-quotes/v4-uptodate-collateral.json"));
    HttpEndpoint.setBounds(); // or tests of it that come later find the JDK's server without
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void serve() {
    replies.put(
        "/tdx/certification/v4/tcb",
        new Reply(
            200,
            answer("tcbInfo", original.tcbInfo(), original.tcbInfoSignature()),
            chain("TCB-Info-Issuer-Chain", original.tcbInfoIssuerChain())));
    replies.put(
        "/tdx/certification/v4/qe/identity",
        new Reply(
            200,
            answer("enclaveIdentity", original.qeIdentity(), original.qeIdentitySignature()),
            chain("SGX-Enclave-Identity-Issuer-Chain", original.qeIdentityIssuerChain())));
    replies.put(
        "/sgx/certification/v4/pckcrl",
        new Reply(
            200,
            original.pckCrl(),
            chain("SGX-PCK-CRL-Issuer-Chain", original.pckCrlIssuerChain().orElseThrow())));
    replies.put(
        "/sgx/certification/v4/rootcacrl",
        new Reply(
            200,
            HexFormat.of().formatHex(original.rootCaCrl()).getBytes(StandardCharsets.US_ASCII),
            Map.of()));
    server.createContext("/", this::reply);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void reply(HttpExchange exchange) throws IOException {
    asked.add(exchange.getRequestURI().toString());
    Reply reply =
        replies.getOrDefault(
            exchange.getRequestURI().getPath(), new Reply(404, new byte[0], Map.of()));
    reply.headers().forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(
        reply.status(), reply.body().length == 0 ? -1 : reply.body().length);
    try (exchange) {
      exchange.getResponseBody().write(reply.body());
    }
  }

  private static byte[] answer(String member, String text, byte[] signature) {
    return ("{\""
            + member
            + "\":"
            + text
            + ",\"signature\":\""
            + HexFormat.of().formatHex(signature)
            + "\"}")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, String> chain(String header, String pem) {
    return Map.of(header, URLEncoder.encode(pem, StandardCharsets.UTF_8));
  }

  private URI base() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private Collateral fetch() throws IOException, InterruptedException {
    try (CollateralClient client = new CollateralClient(base(), "standard", Optional.empty())) {
      return client.fetch(PLATFORM);
    }
  }

  private String failure() {
    String message =
        String.valueOf(assertThrows(CollateralException.class, this::fetch).getMessage());
    assertTrue(!message.contains("\n"), message);
    return message;
  }

  @Test
  void whatIsFetchedIsWhatWasSignedByteForByte() throws Exception {
    Collateral fetched = fetch();
    assertEquals(original.tcbInfo(), fetched.tcbInfo());
    assertEquals(original.qeIdentity(), fetched.qeIdentity());
    assertArrayEquals(original.pckCrl(), fetched.pckCrl());
    assertArrayEquals(original.rootCaCrl(), fetched.rootCaCrl());
    assertEquals(PLATFORM, Endorsements.load(fetched, TrustedRoot.intel()).platform());
    assertEquals(
        List.of(
            "/tdx/certification/v4/tcb?fmspc=B0C06F000000&update=standard",
            "/tdx/certification/v4/qe/identity?update=standard",
            "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
            "/sgx/certification/v4/rootcacrl"),
        asked);
  }

  @Test
  void itsJsonFormReadsBackTheSame() throws Exception {
    Collateral back = Collateral.read(fetch().toJson());
    assertEquals(original.tcbInfo(), back.tcbInfo());
    assertArrayEquals(original.qeIdentitySignature(), back.qeIdentitySignature());
    assertEquals(original.pckCrlIssuerChain(), back.pckCrlIssuerChain());
  }

  @Test
  void anUnknownPlatformIsSaidToBeOne() {
    replies.remove("/tdx/certification/v4/tcb");
    assertTrue(failure().contains("does not know this platform"));
  }

  @Test
  void aRedirectIsNotFollowed() {
    replies.put(
        "/tdx/certification/v4/tcb",
        new Reply(302, new byte[0], Map.of("Location", base() + "/elsewhere")));
    assertTrue(failure().contains("302"));
    assertEquals(1, asked.size());
  }

  @Test
  void anAnswerTooLongIsRefused() {
    replies.put(
        "/tdx/certification/v4/tcb",
        new Reply(
            200,
            new byte[(1 << 20) + 1],
            chain("TCB-Info-Issuer-Chain", original.tcbInfoIssuerChain())));
    assertTrue(failure().contains("longer than"));
  }

  @Test
  void anAnswerOfAnotherFormIsRefused() {
    for (String body :
        List.of(
            "",
            "[]",
            "{}",
            "{\"tcbInfo\":1}",
            "{\"tcbInfo\":{},\"tcbInfo\":{}}",
            "{\"tcbInfo\":{")) {
      replies.put(
          "/tdx/certification/v4/tcb",
          new Reply(
              200,
              body.getBytes(StandardCharsets.UTF_8),
              chain("TCB-Info-Issuer-Chain", original.tcbInfoIssuerChain())));
      assertTrue(failure().startsWith("collateral service http://127.0.0.1"), body);
    }
  }

  @Test
  void aMissingIssuerChainIsNamed() {
    replies.put(
        "/tdx/certification/v4/qe/identity",
        new Reply(
            200,
            answer("enclaveIdentity", original.qeIdentity(), original.qeIdentitySignature()),
            Map.of()));
    assertTrue(failure().contains("SGX-Enclave-Identity-Issuer-Chain"));
  }

  @Test
  void aServiceThatIsNotThereIsSaidToBeUnreachable() {
    server.stop(0);
    assertTrue(failure().contains("cannot be reached"));
  }
}
