package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyServerConfigTest {
  private static final String GOOD =
      """
      listen: "127.0.0.1:8443"
      tls:
        self_signed: true
      identity_key: identity.pem
      kek_file: kek
      shutdown_grace_seconds: 9
      secrets:
        - name: model
          file: model.wrapped
          evidence: [sample]
      """;
  private static final String DIGEST = "sha256:" + "0a".repeat(32);

  @TempDir Path directory = Path.of("");

  private KeyServerConfig read(String yaml) throws IOException {
    Path file = directory.resolve("config.yaml");
    Files.writeString(file, yaml);
    return KeyServerConfig.read(file);
  }

  private String error(String yaml) {
    String message = message(() -> read(yaml));
    assertFalse(message.contains("\n"), message);
    return message;
  }

  @Test
  void aHostNameIsNotLookedUpWhileTheFileIsRead() throws IOException {
    KeyServerConfig config = read(GOOD.replace("127.0.0.1:8443", "no.such.host.invalid:1"));
    assertEquals(InetSocketAddress.createUnresolved("no.such.host.invalid", 1), config.listen());
  }

  @Test
  void theShortestConfigurationHasSafeDefaults() throws IOException {
    KeyServerConfig config = read(GOOD);
    assertEquals(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 8443), config.listen());
    assertEquals(new KeyServerConfig.Tls.SelfSigned(), config.tls());
    assertEquals(directory.resolve("identity.pem"), config.identityKey());
    assertEquals(List.of(KekSource.file(directory.resolve("kek"))), config.keks());
    assertFalse(config.allowSample());
    assertEquals(Duration.ofSeconds(60), config.nonceLifetime());
    assertEquals(Optional.empty(), config.auditLog());
    assertEquals(Optional.empty(), config.health());
    assertEquals(KeyServerConfig.Limits.DEFAULT, config.limits());
    assertEquals(
        List.of(
            new KeyServerConfig.SecretEntry(
                "model",
                directory.resolve("model.wrapped"),
                false,
                Set.of("sample"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty())),
        config.secrets());
  }

  @Test
  void everythingCanBeSaid() throws IOException {
    KeyServerConfig config =
        read(
            """
            listen: "[::1]:0"
            tls:
              certificate_chain: tls/chain.pem
              key: /etc/key.pem
            identity_key: identity.pem
            allow_sample: true
            nonce_lifetime_seconds: 30
            shutdown_grace_seconds: 3
            audit_log: audit.jsonl
            health: localhost:0
            limits:
              per_second: 7
              burst: 8
              per_second_per_peer: 5
              burst_per_peer: 6
              peers: 9
              connections: 10
            secrets:
              - name: model
                insecure_plaintext_file: ../secret
                evidence: [sample]
                volume_digest: %s
                header_digest: %s
                expires_at: 2027-01-31T12:00:00Z
            """
                .formatted(DIGEST, DIGEST));
    assertEquals(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0), config.listen());
    assertEquals(
        new KeyServerConfig.Tls.PemFiles(
            directory.resolve("tls/chain.pem"), Path.of("/etc/key.pem")),
        config.tls());
    assertEquals(new KeyServerConfig.Limits(7, 8, 5, 6, 9, 10), config.limits());
    assertTrue(config.allowSample());
    assertEquals(Duration.ofSeconds(30), config.nonceLifetime());
    assertEquals(Duration.ofSeconds(3), config.shutdownGrace());
    assertEquals(Optional.of(directory.resolve("audit.jsonl")), config.auditLog());
    KeyServerConfig.SecretEntry secret = config.secrets().get(0);
    assertTrue(secret.insecurePlaintext());
    assertEquals(Optional.of(DIGEST), secret.volumeDigest());
    assertEquals(Optional.of(DIGEST), secret.headerDigest());
    assertEquals(Optional.of(Instant.parse("2027-01-31T12:00:00Z")), secret.expiresAt());
    assertEquals(2, config.warnings().size(), config.warnings().toString());
  }

  @Test
  void aSecretThatCanNeverBeReleasedIsWarnedAbout() throws IOException {
    assertTrue(read(GOOD).warnings().get(0).contains("never released"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // what is replaced | by what | line | what the message says
        "listen: \"127.0.0.1:8443\" | listen: 127.0.0.1 | line 1 | HOST:PORT",
        "listen: \"127.0.0.1:8443\" | listen: '::1:80' | line 1 | HOST:PORT",
        "listen: \"127.0.0.1:8443\" | listen: '[fe80]:80' | line 1 | host",
        "listen: \"127.0.0.1:8443\" | listen: '127.0.0.1:65536' | line 1 | port",
        "listen: \"127.0.0.1:8443\" | listen: '127.0.0.256:1' | line 1 | host",
        "listen: \"127.0.0.1:8443\" | listen: | line 1 | no value",
        "listen: \"127.0.0.1:8443\" | listen: [a] | line 1 | plain text",
        "listen: \"127.0.0.1:8443\" | # | line 2 | listen",
        "self_signed: true | self_signed: yes | line 3 | true or false",
        "self_signed: true | self_signed: false | line 2 | self_signed: true or",
        "self_signed: true | certificate_chain: a | line 3 | tls.key",
        "self_signed: true | key: a | line 3 | certificate_chain",
        "self_signed: true | {self_signed: true, key: a} | line 2 | either",
        "self_signed: true | nothing | line 2 | mapping",
        "identity_key: identity.pem | # | line 1 | identity_key",
        "identity_key: identity.pem | identity_key: \"a\\0b\" | line 4 | not a path",
        "kek_file: kek | # | line 9 | kek_file",
        "shutdown_grace_seconds: 9 | allow_samples: true | line 6 | unknown key \"allow_samples\"",
        "shutdown_grace_seconds: 9 | {allow_sample: 1 | line | YAML",
        "shutdown_grace_seconds: 9 | allow_sample: 1 | line 6 | true or false",
        "kek_file: kek | kek_file: &a kek | line 5 | aliases",
        "kek_file: kek | kek_file: !!str kek | line 5 | tags",
        "shutdown_grace_seconds: 9 | nonce_lifetime_seconds: 0 | line 6 | from 1 to 600",
        "shutdown_grace_seconds: 9 | nonce_lifetime_seconds: 601 | line 6 | from 1 to 600",
        "shutdown_grace_seconds: 9 | nonce_lifetime_seconds: 1e1 | line 6 | whole number",
        "shutdown_grace_seconds: 9 | nonce_lifetime_seconds: 99999999999 | line 6 | whole number",
        "shutdown_grace_seconds: 9 | shutdown_grace_seconds: -1 | line 6 | whole number",
        "shutdown_grace_seconds: 9 | limits: {per_second: 0} | line 6 | limits.per_second",
        "shutdown_grace_seconds: 9 | limits: {burst: 50001} | line 6 | limits.burst",
        "shutdown_grace_seconds: 9 | limits: {per_second_per_peer: a} | line 6 | per_second_per_peer",
        "shutdown_grace_seconds: 9 | limits: {burst_per_peer: ''} | line 6 | burst_per_peer",
        "shutdown_grace_seconds: 9 | limits: {peers: 1000001} | line 6 | peers",
        "shutdown_grace_seconds: 9 | limits: {connections: 0} | line 6 | connections",
        "shutdown_grace_seconds: 9 | limits: {conections: 1} | line 6 | unknown key \"limits.conections\"",
        "shutdown_grace_seconds: 9 | limits: {per_second: 50000} | line 6 | nonce_lifetime_seconds",
        "shutdown_grace_seconds: 9 | limits: 5 | line 6 | mapping",
        "shutdown_grace_seconds: 9 | health: 8080 | line 6 | HOST:PORT",
        "shutdown_grace_seconds: 9 | audit_log: {} | line 6 | plain text",
        "shutdown_grace_seconds: 9 | listen: b | line 6 | duplicate key \"listen\"",
        "- name: model | - nam: model | line 8 | name",
        "- name: model | - name: \"a\\nb\" | line 8 | control",
        "file: model.wrapped | fil: model.wrapped | line 8 | file",
        "file: model.wrapped | {file: a, insecure_plaintext_file: b} | line | YAML",
        "evidence: [sample] | evidence: sample | line 10 | list",
        "evidence: [sample] | evidence: [] | line 10 | must list",
        "evidence: [sample] | evidence: [tdx] | line 10 | policy file",
        "evidence: [sample] | evidence: [none] | line 10 | never",
        "evidence: [sample] | evidence: [sev] | line 10 | unknown type",
        "evidence: [sample] | evidence: [sample, sample] | line 10 | twice",
        "evidence: [sample] | evidence: [[sample]] | line 10 | plain text",
        "evidence: [sample] | # | line 8 | evidence",
      })
  void eachBadFieldIsNamedWithItsLine(String good, String bad, String line, String says) {
    assertTrue(GOOD.contains(good), good);
    String message = error(GOOD.replace(good, bad));
    assertTrue(message.contains(line), message);
    assertTrue(message.contains(says), message);
    assertTrue(message.contains("config.yaml"), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "volume_digest: sha256:00 | volume_digest",
        "header_digest: md5:00 | header_digest",
        "expires_at: tomorrow | RFC 3339",
        "expires_at: 2027-01-31 | RFC 3339",
        "expires_at: 1969-01-31T00:00:00Z | RFC 3339",
        "expires_at: +1000000000-01-01T00:00:00Z0 | RFC 3339",
        "file: again | duplicate key",
        "insecure_plaintext_file: x | not both",
        "colour: red | unknown key",
      })
  void eachBadFieldOfASecretIsNamed(String more, String says) {
    String message = error(GOOD + "    " + more + "\n");
    assertTrue(message.contains("line"), message);
    assertTrue(message.contains(says), message);
  }

  @Test
  void aPolicyMaySayWhatEvidenceIsTaken() throws IOException {
    KeyServerConfig config =
        read(
            GOOD.replace("    evidence: [sample]\n", "")
                + "policy: rules.yaml\nrelease_counts: counts\n");
    assertEquals(Set.of(), config.secrets().get(0).evidence());
    assertEquals(Optional.of(directory.resolve("rules.yaml")), config.policy());
    assertEquals(Optional.of(directory.resolve("counts")), config.releaseCounts());
  }

  @Test
  void twoSecretsOfOneNameAreRefused() {
    assertTrue(
        error(GOOD + "  - {name: model, file: b, evidence: [sample]}\n").contains("line 11"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# nothing\n",
        "[]",
        "text",
        "a: b\n---\na: b\n",
        "? [a]\n: b\n",
        "a: \"",
        "\tlisten: a",
        "<<: {listen: a}"
      })
  void whatIsNoConfigurationIsRefusedInOneLine(String yaml) {
    error(yaml);
  }

  @Test
  void anAliasBombIsRefusedAtItsFirstAnchor() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
      bomb.append(
          "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n".formatted(i, i, i - 1, i - 1, i - 1, i - 1));
    }
    assertTrue(error(bomb.toString()).contains("line 1: anchors and aliases"));
  }

  @Test
  void deepNestingIsRefusedBeforeItCostsStack() {
    assertTrue(error("a: " + "[".repeat(100_000)).contains("line 1"));
    assertTrue(error("a: " + "[".repeat(200) + "]".repeat(200)).contains("nested"));
  }

  @Test
  void aHugeFileAndBadUtf8AreRefused() throws IOException {
    assertTrue(error("#" + "x".repeat(1 << 20)).contains("larger"));
    Path file = directory.resolve("latin1.yaml");
    Files.write(file, "listen: \u00fc".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(message(() -> KeyServerConfig.read(file)).contains("UTF-8"));
  }

  @Test
  void secretFilesMustBeTheServersOnly() throws IOException {
    Path file = Files.write(directory.resolve("secret"), new byte[] {1, 2, 3});
    for (String mode : new String[] {"rw-r-----", "rw----r--", "rw--w----", "rw-----w-"}) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      String message = refused(file);
      assertTrue(message.contains("chmod 600") && message.contains(file.toString()), message);
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
    assertEquals(3, OwnerOnlyFile.readSecret(file, "secret", 3).length);
    assertTrue(message(() -> OwnerOnlyFile.readSecret(file, "secret", 2)).contains("larger"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    assertEquals(3, OwnerOnlyFile.readSecret(link, "secret", 3).length);
    assertTrue(refused(directory.resolve("missing")).contains("no such file"));
    assertTrue(refused(directory).contains("not a regular file"));
    Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
    assertTrue(refused(dangling).contains("no such file"));
  }

  private static String refused(Path file) {
    return message(() -> OwnerOnlyFile.readSecret(file, "secret", 10));
  }

  private static String message(Executable executable) {
    return String.valueOf(assertThrows(KeyServerConfigException.class, executable).getMessage());
  }
}
