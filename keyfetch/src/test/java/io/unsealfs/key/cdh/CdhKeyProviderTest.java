package io.unsealfs.key.cdh;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.NoneAttester;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CdhKeyProviderTest {
  private static final byte[] KEY = "correct horse\n".getBytes(UTF_8);
  private static final String RESOURCE = "/default/key/llama";
  private static final CdhTimeouts PATIENT =
      new CdhTimeouts(
          Duration.ofSeconds(20),
          Duration.ofSeconds(60),
          Duration.ofMillis(1),
          Duration.ofMillis(5));

  /** No time for a second try. */
  private static final CdhTimeouts ONCE =
      new CdhTimeouts(
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30));

  private static byte[] fetch(HubAddress hub, CdhTimeouts timeouts) throws IOException {
    return fetch(new CdhKeyProvider(new HeapMemory(), hub, timeouts), "cdh://" + RESOURCE);
  }

  private static byte[] fetch(CdhKeyProvider provider, String text) throws IOException {
    ServerTrust trust = new ServerTrust(Optional.empty(), List.of(), false);
    try (Secret secret = provider.fetch(KeyReference.parse(text), new NoneAttester(), trust)) {
      assertFalse(secret.terms().authenticated());
      return HeapMemory.bytes(secret);
    }
  }

  @Test
  void aResourceIsFetchedAsItIsStored() throws Exception {
    byte[] largest = new byte[HubAnswer.MAX_BODY];
    largest[0] = '\n';
    largest[largest.length - 1] = '\r';
    for (byte[] stored : List.of(KEY, new byte[] {0}, largest)) {
      try (DataHubDouble hub = DataHubDouble.start(0).with(RESOURCE, stored)) {
        assertArrayEquals(stored, fetch(hub.address(), ONCE));
        assertEquals(List.of("GET /cdh/resource" + RESOURCE), hub.requests());
        hub.in(DataHubDouble.Mood.CHUNKED);
        assertArrayEquals(stored, fetch(hub.address(), ONCE));
      }
    }
  }

  @Test
  void aHubThatIsStillStartingIsAskedAgain() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    AtomicReference<DataHubDouble> late = new AtomicReference<>();
    List<Duration> pauses = new ArrayList<>();
    HubAddress address = HubAddress.parse("http://localhost:" + port);
    CdhKeyProvider provider =
        new CdhKeyProvider(
            new HeapMemory(),
            address,
            PATIENT,
            pause -> {
              pauses.add(pause);
              if (pauses.size() == 3) {
                try {
                  late.set(
                      DataHubDouble.start(port)
                          .with(RESOURCE, KEY)
                          .in(DataHubDouble.Mood.BROKER_OUT_OF_REACH));
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              }
            });
    try {
      assertArrayEquals(KEY, fetch(provider, "cdh://" + RESOURCE));
    } finally {
      late.get().close();
    }
    assertEquals(
        List.of(1L, 2L, 4L, 5L), pauses.stream().map(Duration::toMillis).toList(), "pauses grow");
  }

  @Test
  void aHubThatNeverStartsEndsTheFetchInTime() throws Exception {
    HubAddress nobody;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = HubAddress.parse("http://127.0.0.1:" + free.getLocalPort());
    }
    CdhTimeouts brief =
        new CdhTimeouts(
            Duration.ofSeconds(8),
            Duration.ofSeconds(10),
            Duration.ofMillis(1),
            Duration.ofSeconds(30));
    // no time is spent waiting: it ends when the next pause would be longer than what is left
    List<Duration> pauses = new ArrayList<>();
    CdhKeyProvider provider = new CdhKeyProvider(new HeapMemory(), nobody, brief, pauses::add);
    KeyUnavailableException e =
        assertThrows(KeyUnavailableException.class, () -> fetch(provider, "cdh://" + RESOURCE));
    assertTrue(e.toString().contains("api-server-rest"), e.toString());
    assertTrue(e.toString().contains("(asked "), e.toString());
    assertTrue(
        pauses.stream().allMatch(pause -> pause.compareTo(brief.overall()) < 0), pauses.toString());
    KeyReference reference = KeyReference.parse("cdh://" + RESOURCE);
    ServerTrust trust = new ServerTrust(Optional.empty(), List.of(), false);
    assertThrows(KeyUnavailableException.class, () -> provider.probe(reference, trust));
  }

  @Test
  void refusalsEndTheFetchAtOnce() throws Exception {
    for (DataHubDouble.Mood mood :
        List.of(
            DataHubDouble.Mood.WITHOUT_THE_FEATURE,
            DataHubDouble.Mood.FOR_OTHERS,
            DataHubDouble.Mood.BROKER_REFUSES,
            DataHubDouble.Mood.ELSEWHERE)) {
      try (DataHubDouble hub = DataHubDouble.start(0).with(RESOURCE, KEY).in(mood)) {
        KeyDeniedException e =
            assertThrows(KeyDeniedException.class, () -> fetch(hub.address(), PATIENT));
        assertEquals(1, hub.requests().size(), mood + ": " + hub.requests());
        assertTrue(e.toString().contains("kbs://" + RESOURCE), e.toString());
        assertTrue(e.toString().chars().allMatch(c -> c >= ' ' && c < 0x7f), e.toString());
      }
    }
  }

  @Test
  void aMissingResourceMayStillComeAndIsSaidSo() throws Exception {
    try (DataHubDouble hub = DataHubDouble.start(0)) {
      KeyUnavailableException e =
          assertThrows(KeyUnavailableException.class, () -> fetch(hub.address(), ONCE));
      assertTrue(e.toString().contains("there is no such resource, or"), e.toString());
      assertTrue(e.toString().contains("\"get resource: no such resource\""), e.toString());
    }
  }

  @Test
  void aProbeFetchesNothing() throws Exception {
    try (DataHubDouble hub = DataHubDouble.start(0).with(RESOURCE, KEY)) {
      CdhKeyProvider provider = new CdhKeyProvider(new HeapMemory(), hub.address(), ONCE);
      KeyReference reference = KeyReference.parse("cdh://" + RESOURCE);
      ServerTrust trust = new ServerTrust(Optional.empty(), List.of(), false);
      assertTrue(provider.probe(reference, trust).finding().contains("listens"));
      assertEquals(List.of(), hub.requests());
    }
  }

  @Test
  void whatHoldsNoKeyIsRefused() throws Exception {
    try (DataHubDouble hub = DataHubDouble.start(0).with(RESOURCE, new byte[0])) {
      assertTrue(
          assertThrows(KeyReferenceException.class, () -> fetch(hub.address(), PATIENT))
              .toString()
              .contains("is empty"));
    }
    byte[] tooLong = new byte[HubAnswer.MAX_BODY + 1];
    for (DataHubDouble.Mood mood :
        List.of(DataHubDouble.Mood.OBLIGING, DataHubDouble.Mood.CHUNKED)) {
      try (DataHubDouble hub = DataHubDouble.start(0).with(RESOURCE, tooLong).in(mood)) {
        assertTrue(
            assertThrows(KeyReferenceException.class, () -> fetch(hub.address(), PATIENT))
                .toString()
                .contains("too long for a key"));
      }
    }
  }

  @Test
  void anAnswerWithoutEndIsCutOff() throws Exception {
    try (RawServer server = new RawServer("HTTP/1.0 200 OK\r\n\r\n", 'x', 1 << 20)) {
      assertThrows(KeyReferenceException.class, () -> fetch(server.address(), PATIENT));
    }
    try (RawServer server = new RawServer("HTTP/1.1 200 OK\r\nx: ", 'x', 1 << 20)) {
      assertTrue(
          assertThrows(KeyUnavailableException.class, () -> fetch(server.address(), ONCE))
              .toString()
              .contains("no end of its headers"));
    }
  }

  @Test
  void aSlowAnswerEndsWithTheTimeOfTheCall() throws Exception {
    CdhTimeouts brief =
        new CdhTimeouts(
            Duration.ofMillis(150),
            Duration.ofMillis(200),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1));
    // says that there is more to come, and stays
    try (RawServer server =
        new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecr", 'x', -1)) {
      KeyUnavailableException e =
          assertThrows(KeyUnavailableException.class, () -> fetch(server.address(), brief));
      assertTrue(e.toString().contains("no whole answer in time"), e.toString());
      assertFalse(e.toString().contains("secr"), e.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 99 x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nkey",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nkey",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nkeys",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nkey",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nkey",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nkey",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nkey\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nkey\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nkey\r\n0\r\n",
      })
  void whatIsNoAnswerOfAnHttpServerIsRefused(String bytes) throws Exception {
    try (RawServer server = new RawServer(bytes, ' ', 0)) {
      KeyUnavailableException e =
          assertThrows(KeyUnavailableException.class, () -> fetch(server.address(), ONCE));
      assertFalse(e.toString().contains("key\r"), e.toString());
    }
  }

  @Test
  void everyPrefixOfAnAnswerWaitsForMoreOrIsIncomplete() throws Exception {
    for (String whole :
        List.of(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nkey",
            "HTTP/1.1 200 OK\ntransfer-encoding: Chunked\n\n1;a=b\r\nk\r\n2\ney\n0\r\nT: u\r\n\r\n")) {
      byte[] bytes = whole.getBytes(US_ASCII);
      for (int length = 0; length < bytes.length; length++) {
        ByteBuffer part = ByteBuffer.allocate(bytes.length).put(bytes, 0, length);
        assertTrue(HubAnswer.of(part, false).isEmpty(), whole.substring(0, length));
        assertThrows(KeyUnavailableException.class, () -> HubAnswer.of(part, true));
      }
      ByteBuffer all = ByteBuffer.allocate(bytes.length).put(bytes);
      try (HubAnswer answer = HubAnswer.of(all, false).orElseThrow()) {
        assertEquals(200, answer.status());
        assertArrayEquals("key".getBytes(US_ASCII), answer.body());
      }
      assertArrayEquals(new byte[bytes.length], all.array(), "wiped");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cdh:default/key/llama",
        "cdh:/default/key/llama",
        "cdh://default/key/llama",
        "cdh:///key/llama",
        "cdh:///a/default/key/llama",
        "cdh:////key/llama",
        "cdh:///default/key/",
        "cdh:///default/.key/llama",
        "cdh:///default/../llama",
        "cdh:///default/key/ll ama",
        "cdh:///default/key/llama?x=y",
        "cdh:///default/key/ll%41ma"
      })
  void otherReferencesAreRefused(String text) throws Exception {
    HubAddress nobody = HubAddress.parse("http://127.0.0.1:1");
    CdhKeyProvider provider = new CdhKeyProvider(new HeapMemory(), nobody, ONCE);
    KeyReferenceException e =
        assertThrows(KeyReferenceException.class, () -> fetch(provider, text));
    assertFalse(e.toString().contains("llama"), e.toString());
    assertEquals(KeyReading.PASSPHRASE, KeyReference.parse(text).reading());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1:8006",
        "http://10.0.0.1:8006",
        "http://hub.example:8006",
        "http://127.0.0.1.example:8006",
        "http://user@127.0.0.1:8006",
        "http://127.0.0.1:8006/cdh",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:0",
        "http://127.0.0.256:80",
        "http://[::2]:8006",
        ""
      })
  void aHubIsOnThisHostOnly(String url) {
    assertThrows(KeyReferenceException.class, () -> HubAddress.parse(url));
  }

  @Test
  void aHubMayBeOnAnyLoopbackAddress() throws Exception {
    assertEquals("127.0.0.1:8006", HubAddress.parse(HubAddress.DEFAULT).toString());
    assertEquals("[::1]:9", HubAddress.parse("http://[::1]:9/").toString());
    assertEquals("127.1.2.3:80", HubAddress.parse("HTTP://127.1.2.3").toString());
  }

  /** Sends bytes to each caller, and so many more; closes unless there is no end of them. */
  private static final class RawServer implements AutoCloseable {
    private final ServerSocket socket;
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    RawServer(String bytes, char filler, int more) throws IOException {
      socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            while (true) {
              try {
                Socket caller = socket.accept();
                open.add(caller);
                OutputStream out = caller.getOutputStream();
                boolean _ = caller.getInputStream().read() < 0;
                out.write(bytes.getBytes(US_ASCII));
                for (int i = 0; i < more; i += 1000) {
                  out.write(String.valueOf(filler).repeat(1000).getBytes(US_ASCII));
                }
                if (more >= 0) {
                  caller.shutdownOutput();
                }
              } catch (IOException e) {
                if (socket.isClosed()) {
                  return;
                }
              }
            }
          });
    }

    HubAddress address() throws IOException {
      return HubAddress.parse("http://127.0.0.1:" + socket.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      socket.close();
      for (Socket caller : open) {
        caller.close();
      }
    }
  }
}
