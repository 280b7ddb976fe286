package io.unsealfs.storage.object.credentials;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.CredentialChoice;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialFetcherTest {
  private static final String END = "2031-05-06T07:08:09Z";
  private final StoreServer server =
      new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, "none"));

  @TempDir private Path directory;

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private URI host() {
    return URI.create(server.endpoint());
  }

  private static Fault says(String document) {
    return (request, reply) -> {
      Fault.document(document).spoil(request, reply);
      reply.status = 200;
    };
  }

  /** A metadata host that insists on its token. */
  private void metadata(String kind, String header, String json) {
    server.gate(request -> {
      if (request.rawPath().equals("/latest/api/token")) {
        boolean put =
            request.method().equals("PUT")
                && request.headers().containsKey(header + "-ttl-seconds");
        return put ? says("t0ken") : Fault.status(405, "");
      }
      if (!"t0ken".equals(request.headers().get(header))) {
        return Fault.status(401, "");
      }
      String list = "/latest/meta-data/" + kind + "/security-credentials/";
      if (request.rawPath().equals(list)) {
        return says("reader\n");
      }
      return request.rawPath().equals(list + "reader") ? says(json) : Fault.status(404, "");
    });
  }

  @Test
  void theRoleOfAnEcsInstance() throws IOException {
    metadata(
        "ram",
        "x-aliyun-ecs-metadata-token",
        "{\"Code\":\"Success\",\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"se\","
            + "\"SecurityToken\":\"to\",\"Expiration\":\""
            + END
            + "\"}");
    try (MachineRole role = MachineRole.ecs(host(), Optional.empty())) {
      expect(role.fetch());
    }
    assertEquals(3, server.traffic().requests().size());
    try (MachineRole role = MachineRole.ecs(host(), Optional.of("reader"))) {
      expect(role.fetch());
    }
    assertEquals(5, server.traffic().requests().size());
  }

  @Test
  void theRoleOfAnEc2Instance() throws IOException {
    metadata(
        "iam",
        "x-aws-ec2-metadata-token",
        "{\"Code\":\"Success\",\"AccessKeyId\":\"id\",\"SecretAccessKey\":\"se\","
            + "\"Token\":\"to\",\"Expiration\":\""
            + END
            + "\"}");
    try (MachineRole role = MachineRole.ec2(host())) {
      expect(role.fetch());
    }
  }

  /** A metadata host that insists on its token and has {@code text} at {@code path}. */
  private void regionAt(String header, String path, String text) {
    server.gate(request -> {
      if (request.rawPath().equals("/latest/api/token")) {
        return request.method().equals("PUT") ? says("t0ken") : Fault.status(405, "");
      }
      boolean known = request.rawPath().equals(path);
      return known && "t0ken".equals(request.headers().get(header))
          ? says(text)
          : Fault.status(404, "");
    });
  }

  @Test
  void theRegionOfAnEcsInstance() throws IOException {
    regionAt("x-aliyun-ecs-metadata-token", "/latest/meta-data/region-id", "cn-hangzhou");
    try (MachineRegion machine = MachineRegion.ecs(host())) {
      assertEquals("cn-hangzhou", machine.fetch());
    }
  }

  @Test
  void theRegionOfAnEc2Instance() throws IOException {
    regionAt("x-aws-ec2-metadata-token", "/latest/meta-data/placement/region", "eu-west-1\n");
    try (MachineRegion machine = MachineRegion.ec2(host())) {
      assertEquals("eu-west-1", machine.fetch());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "evil.example/x", "-a", "a b", "a\nb", "Eu-West-1", "a@b"})
  void aRegionThatIsNoWordIsRefused(String text) {
    regionAt("x-aws-ec2-metadata-token", "/latest/meta-data/placement/region", text);
    try (MachineRegion machine = MachineRegion.ec2(host())) {
      assertThrows(StoreProtocolException.class, machine::fetch);
    }
  }

  private static void expect(StoreCredentials credentials) {
    assertEquals("id", credentials.accessKeyId());
    assertEquals("se", credentials.accessKeySecret());
    assertEquals(Optional.of("to"), credentials.securityToken());
    assertEquals(Optional.of(Instant.parse(END)), credentials.expires());
    assertEquals("StoreCredentials until " + END, credentials.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"AccessKeyId\":\"id\"}",
        "{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"a\\r\\nb\"}",
        "{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"s3cr3t\",\"Expiration\":\"soon\"}",
        "{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"s3cr3t\",\"AccessKeyId\":\"x\"}",
        "{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"s3cr3t\"} trailing",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}",
        "{\"Code\":\"Failed\"}"
      })
  void aMetadataHostThatAnswersNonsenseIsRefusedWithoutQuotingIt(String json) {
    metadata("ram", "x-aliyun-ecs-metadata-token", json);
    try (MachineRole role = MachineRole.ecs(host(), Optional.empty())) {
      StorageException e = assertThrows(StorageException.class, role::fetch);
      assertFalse(String.valueOf(e.getMessage()).contains("s3cr3t"));
    }
  }

  @Test
  void aRoleNameThatIsAPathIsRefused() {
    server.gate(request ->
        says(request.rawPath().equals("/latest/api/token") ? "t0ken" : "../../user-data"));
    try (MachineRole role = MachineRole.ecs(host(), Optional.empty())) {
      assertThrows(StoreProtocolException.class, role::fetch);
    }
    assertEquals(2, server.traffic().requests().size());
  }

  @Test
  void aMetadataHostThatFailsMayWorkLater() {
    server.always(Fault.status(503, ""));
    try (MachineRole role = MachineRole.ecs(host(), Optional.empty())) {
      assertThrows(StoreUnavailableException.class, role::fetch);
    }
  }

  private Map<String, String> pod() throws IOException {
    Path token = directory.resolve("token");
    Files.writeString(token, "pod.jwt.1\n");
    return Map.of(
        "ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/reader",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.toString());
  }

  @Test
  void aPodsTokenIsExchangedAndReadAnewEachTime() throws IOException {
    Map<String, String> environment = pod();
    server.gate(request ->
        says(
            "{\"RequestId\":\"r\",\"Credentials\":{\"AccessKeyId\":\"id\","
                + "\"AccessKeySecret\":\"se\",\"SecurityToken\":\"to\",\"Expiration\":\""
                + END
                + "\"}}"));
    try (OidcExchange exchange = new OidcExchange(environment, host(), Clock.systemUTC())) {
      expect(exchange.fetch());
      Files.writeString(directory.resolve("token"), "pod.jwt.2");
      expect(exchange.fetch());
    }
    List<StoreRequest> requests = server.traffic().requests();
    String form = requests.get(0).body();
    assertTrue(form.contains("Action=AssumeRoleWithOIDC"), form);
    assertTrue(form.contains("RoleArn=acs%3Aram%3A%3A1%3Arole%2Freader"), form);
    assertTrue(form.endsWith("OIDCToken=pod.jwt.1"), form);
    assertTrue(requests.get(1).body().endsWith("pod.jwt.2"));
    assertFalse(requests.get(0).headers().containsKey("authorization"));
  }

  @Test
  void anExchangeRefusedForAWrongClockIsRepeatedWithTheHosts() throws IOException {
    Instant there = Instant.parse("2034-05-06T07:08:09Z");
    Clock wrong = Clock.fixed(Instant.parse("2024-01-01T00:00:00Z"), ZoneOffset.UTC);
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(there.atOffset(ZoneOffset.UTC));
    server.gate(request ->
        request.body().contains("Timestamp=2034-05-06T07%3A08%3A09Z")
            ? says(
                "{\"Credentials\":{\"AccessKeyId\":\"id\",\"AccessKeySecret\":\"se\","
                    + "\"SecurityToken\":\"to\",\"Expiration\":\""
                    + END
                    + "\"}}")
            : Fault.status(400, "InvalidTimeStamp.Expired", Map.of("Date", date)));
    try (OidcExchange exchange = new OidcExchange(pod(), host(), wrong)) {
      expect(exchange.fetch());
      assertEquals(2, server.traffic().requests().size());
      expect(exchange.fetch());
      assertEquals(3, server.traffic().requests().size(), "the clock stays corrected");
    }
  }

  @Test
  void anExchangeRefusedForAnotherReasonIsNotRepeated() throws IOException {
    server.gate(request -> Fault.status(400, "AuthenticationFail.OIDCToken.Expired"));
    try (OidcExchange exchange = new OidcExchange(pod(), host(), Clock.systemUTC())) {
      assertThrows(StoreDeniedException.class, exchange::fetch);
    }
    assertEquals(1, server.traffic().requests().size());
  }

  @Test
  void anExchangeThatIsRefusedIsDenied() throws IOException {
    server.gate(request -> Fault.status(400, "AuthenticationFail.OIDCToken.Expired"));
    try (OidcExchange exchange = new OidcExchange(pod(), host(), Clock.systemUTC())) {
      StoreDeniedException e = assertThrows(StoreDeniedException.class, exchange::fetch);
      assertFalse(String.valueOf(e.getMessage()).contains("jwt"));
    }
    try (OidcExchange exchange = new OidcExchange(Map.of(), host(), Clock.systemUTC())) {
      assertThrows(StoreDeniedException.class, exchange::fetch);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"AccessKeyId\":\"id\",\"SecretAccessKey\":\"se\",\"SessionToken\":\"to\","
            + "\"Expiration\":\"2031-05-06T07:08:09Z\"}",
        """
        # mounted
        access_key_id=id
        access_key_secret = se
        security_token=to
        expiration=2031-05-06T07:08:09Z
        """
      })
  void aFileIsJsonOrProperties(String text) throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, text);
    expect(new FileCredentials(file).fetch());
  }

  @Test
  void aFileThatWasReplacedIsSeen() throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, "access_key_id=id1\naccess_key_secret=se1\n");
    FileCredentials fetcher = new FileCredentials(file);
    assertEquals("id1", fetcher.fetch().accessKeyId());
    assertFalse(fetcher.changed());
    Path other = directory.resolve("other");
    Files.writeString(other, "access_key_id=id2\naccess_key_secret=se2\n");
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertTrue(fetcher.changed());
    assertEquals("id2", fetcher.fetch().accessKeyId());
    Files.delete(file);
    assertFalse(fetcher.changed());
    assertThrows(StoreDeniedException.class, fetcher::fetch);
  }

  @Test
  void aBadFileIsNewsOnce() throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, "nonsense");
    FileCredentials fetcher = new FileCredentials(file);
    assertTrue(fetcher.changed());
    assertThrows(StoreProtocolException.class, fetcher::fetch);
    assertFalse(fetcher.changed());
    Files.writeString(file, "access_key_id=id1\naccess_key_secret=se1\n");
    assertTrue(fetcher.changed());
    assertEquals("id1", fetcher.fetch().accessKeyId());
  }

  @Test
  void aFileThatIsTooLargeOrNonsenseIsRefused() throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, "x=" + "y".repeat(70_000));
    assertThrows(StoreProtocolException.class, () -> new FileCredentials(file).fetch());
    Files.writeString(file, "access_key_id=\\uzzzz");
    assertThrows(StoreProtocolException.class, () -> new FileCredentials(file).fetch());
  }

  @Test
  void theEnvironmentOfEachProvider() throws IOException {
    StoreCredentials oss =
        EnvironmentCredentials.oss(
                Map.of(
                    "ALIBABA_CLOUD_ACCESS_KEY_ID", "id",
                    "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "se",
                    "ALIBABA_CLOUD_SECURITY_TOKEN", "to"))
            .fetch();
    assertEquals(Optional.of("to"), oss.securityToken());
    StoreCredentials s3 =
        EnvironmentCredentials.s3(Map.of("AWS_ACCESS_KEY_ID", "id", "AWS_SECRET_ACCESS_KEY", "se"))
            .fetch();
    assertEquals(Optional.empty(), s3.securityToken());
    assertEquals("StoreCredentials", s3.toString());
    assertThrows(StoreDeniedException.class, () -> EnvironmentCredentials.s3(Map.of()).fetch());
    assertThrows(
        StoreProtocolException.class,
        () -> EnvironmentCredentials.s3(Map.of("AWS_ACCESS_KEY_ID", "id")).fetch());
  }

  @Test
  void whatCameWithTheKeyIsTakenWhereItIsChosen() throws IOException {
    GivenCredentials given = new GivenCredentials();
    given.give(StoreCredentials.of("given", "se", Optional.empty(), Optional.empty()));
    assertTrue(given.changed());
    CredentialSources sources =
        new CredentialSources(
            Map.of("AWS_ACCESS_KEY_ID", "env", "AWS_SECRET_ACCESS_KEY", "se"),
            Optional.empty(),
            given,
            () -> () -> StoreCredentials.anonymous());
    assertEquals("given", sources.s3(new CredentialChoice.Given()).fetch().accessKeyId());
    assertFalse(given.changed());
    assertEquals("env", sources.s3(new CredentialChoice.Auto()).fetch().accessKeyId());
    assertEquals("env", sources.s3(new CredentialChoice.Environment()).fetch().accessKeyId());
    assertThrows(
        IllegalArgumentException.class,
        () -> sources.s3(new CredentialChoice.RamRole(Optional.empty())));
    assertThrows(IllegalArgumentException.class, () -> sources.oss(new CredentialChoice.Imds()));
    assertThrows(StoreDeniedException.class, () -> new GivenCredentials().fetch());
  }
}
