package io.unsealfs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebIdentityTest {
  private final StoreServer server =
      new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, "none"));

  @TempDir private Path directory;

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private WebIdentity identity() throws IOException {
    Path token = directory.resolve("token");
    Files.writeString(token, "pod.jwt.1\n");
    return new WebIdentity(
        Map.of(
            "AWS_ROLE_ARN",
            "arn:aws:iam::123456789012:role/reader",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            token.toString()),
        StoreSettings.defaults(),
        Optional.of(URI.create(server.endpoint())));
  }

  private void says(String document) {
    server.gate(request ->
        (r, reply) -> {
          Fault.document(document).spoil(r, reply);
          reply.status = 200;
        });
  }

  @Test
  void aPodsTokenIsExchanged() throws IOException {
    says(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            + "<AccessKeyId>id</AccessKeyId><SecretAccessKey>se</SecretAccessKey>"
            + "<SessionToken>to</SessionToken><Expiration>2031-05-06T07:08:09Z</Expiration>"
            + "</Credentials></AssumeRoleWithWebIdentityResult>"
            + "</AssumeRoleWithWebIdentityResponse>");
    try (WebIdentity identity = identity()) {
      StoreCredentials credentials = identity.fetch();
      assertEquals("id", credentials.accessKeyId());
      assertEquals(Optional.of("to"), credentials.securityToken());
      assertEquals(Optional.of(Instant.parse("2031-05-06T07:08:09Z")), credentials.expires());
    }
    var request = server.traffic().requests().getFirst();
    assertTrue(request.body().contains("WebIdentityToken=pod.jwt.1"));
    assertFalse(request.headers().containsKey("authorization"));
  }

  @Test
  void anExchangeThatFailsIsAMessageWithoutTheToken() throws IOException {
    server.gate(request -> Fault.status(400, "ExpiredTokenException"));
    try (WebIdentity identity = identity()) {
      StoreDeniedException e = assertThrows(StoreDeniedException.class, identity::fetch);
      assertFalse(String.valueOf(e.getMessage()).contains("jwt"));
      says("<AssumeRoleWithWebIdentityResponse/>");
      assertThrows(StorageException.class, identity::fetch);
      says("garbage");
      assertThrows(StorageException.class, identity::fetch);
      Files.delete(directory.resolve("token"));
      assertThrows(StoreDeniedException.class, identity::fetch);
    }
  }

  private void refuses(int status, String code) {
    server.gate(request ->
        (r, reply) -> {
          Fault.document(
                  "<ErrorResponse><Error><Type>Sender</Type><Code>"
                      + code
                      + "</Code><Message>scripted</Message></Error></ErrorResponse>")
              .spoil(r, reply);
          reply.status = status;
        });
  }

  @ParameterizedTest
  @CsvSource({
    "429,TooManyRequests",
    "500,InternalFailure",
    "503,ServiceUnavailable",
    "400,Throttling",
    "400,IDPCommunicationError"
  })
  void anExchangeThatIsAwayForAMomentIsNoRefusal(int status, String code) throws IOException {
    refuses(status, code);
    try (WebIdentity identity = identity()) {
      assertThrows(StoreUnavailableException.class, identity::fetch);
    }
  }

  @ParameterizedTest
  @CsvSource({"400,InvalidIdentityToken", "403,AccessDenied"})
  void anExchangeThatRefusesIsOne(int status, String code) throws IOException {
    refuses(status, code);
    try (WebIdentity identity = identity()) {
      assertThrows(StoreDeniedException.class, identity::fetch);
    }
  }
}
