package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.StoreGrant;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.Terms;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.WireException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials of an object store, sent along with a key. */
class StoreGrantTest {
  private static final String CREDENTIALS = "access_key_id=id\naccess_key_secret=se\n";

  @TempDir Path directory = Path.of("");
  private KeyServerFixture files;
  private Path credentials;

  @BeforeEach
  void makeFiles() throws IOException {
    files = new KeyServerFixture(directory);
    credentials = directory.resolve("store.credentials");
    write(CREDENTIALS);
  }

  private void write(String text) throws IOException {
    Files.writeString(credentials, text);
    Files.setPosixFilePermissions(credentials, PosixFilePermissions.fromString("rw-------"));
  }

  private KeyServer server() throws IOException {
    Path file = files.configFile("allow_sample: true");
    Files.writeString(
        file,
        Files.readString(file)
            .replace(
                "    expires_at: 2040-01-01T00:00:00Z\n",
                "    store_credentials: store.credentials\n"));
    return KeyServer.start(
        KeyServerConfig.read(file),
        Clock.systemUTC(),
        System::nanoTime,
        Appraisers.standard(),
        new HeapMemory());
  }

  private static SecretTerms released(KeyServer server) throws IOException {
    try (StubClient client = new StubClient(server.port())) {
      StubClient.Conversation conversation = client.begin("model");
      SecretReply reply = client.ask(conversation.request());
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(reply));
      return TermsCodec.decode(reply.getTerms().toByteArray(), true);
    }
  }

  @Test
  void eachReleaseBringsWhatTheFileSaysThen() throws IOException {
    try (KeyServer server = server()) {
      assertEquals(
          new StoreGrant(CREDENTIALS.getBytes(UTF_8)),
          released(server).storeCredentials().orElseThrow());
      write(CREDENTIALS + "security_token=later\n");
      assertTrue(
          new String(released(server).storeCredentials().orElseThrow().content(), UTF_8)
              .contains("later"));
    }
  }

  @Test
  void aFileThatIsMissingTooLargeOrOpenToOthersIsRefusedAtTheStart() throws IOException {
    write("x".repeat(StoreGrant.BYTES_MAX + 1));
    assertThrows(KeyServerConfigException.class, this::server);
    write(CREDENTIALS);
    Files.setPosixFilePermissions(credentials, PosixFilePermissions.fromString("rw-r--r--"));
    assertThrows(KeyServerConfigException.class, this::server);
    Files.delete(credentials);
    assertThrows(KeyServerConfigException.class, this::server);
  }

  @Test
  void theyShowNothingAndHaveABound() {
    SecretTerms terms = SecretTerms.NONE.withStoreCredentials(new StoreGrant(new byte[] {65, 66}));
    assertFalse(terms.toString().contains("AB"), terms::toString);
    assertThrows(IllegalArgumentException.class, () -> new StoreGrant(new byte[0]));
    byte[] tooLong =
        Terms.newBuilder()
            .setStoreCredentials(ByteString.copyFrom(new byte[StoreGrant.BYTES_MAX + 1]))
            .build()
            .toByteArray();
    assertThrows(WireException.class, () -> TermsCodec.decode(tooLong, true));
  }
}
