package io.unsealfs.keyserver;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.wire.IdentityKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** The files of a key server in a directory of its own. */
final class KeyServerFixture {
  static final byte[] SECRET = "correct horse battery staple".getBytes(StandardCharsets.UTF_8);
  static final String DIGEST = "sha256:" + "0a".repeat(32);

  private final Path directory;

  KeyServerFixture(Path directory) throws IOException {
    this.directory = directory;
    secretFile("identity.pem", IdentityKey.generatePem());
    secretFile("kek", "5a".repeat(32).getBytes(StandardCharsets.US_ASCII));
    addSecret("model", SECRET);
    addSecret("expired", SECRET);
    secretFile("bare", SECRET);
  }

  static ReleasePolicy load(KeyServerConfig config) throws IOException {
    HeapMemory memory = new HeapMemory();
    return ReleasePolicy.load(
        config,
        memory,
        KekFetcher.credentials(memory, Optional.empty()),
        Optional.empty(),
        Optional.empty(),
        Clock.systemUTC());
  }

  Path secretFile(String name, byte[] content) throws IOException {
    Path file = directory.resolve(name);
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  void addSecret(String name, byte[] content) throws IOException {
    try (KeyEncryptionKey kek = KeyEncryptionKey.read(directory.resolve("kek"), new HeapMemory())) {
      WrappedSecret.wrap(name, content, kek).writeTo(directory.resolve(name + ".wrapped"));
    }
  }

  /** Writes a configuration whose secrets are the usual ones, with more lines at the top level. */
  Path configFile(String more) throws IOException {
    String yaml =
        """
        listen: 127.0.0.1:0
        tls: {self_signed: true}
        identity_key: identity.pem
        kek_file: kek
        audit_log: audit.jsonl
        secrets:
          - name: model
            file: model.wrapped
            evidence: [sample]
            volume_digest: %s
            expires_at: 2040-01-01T00:00:00Z
          - name: expired
            file: expired.wrapped
            evidence: [sample]
            expires_at: 2020-01-01T00:00:00Z
          - name: bare
            insecure_plaintext_file: bare
            evidence: [sample]
        %s
        """
            .formatted(DIGEST, more);
    return Files.writeString(
        directory.resolve("config.yaml"),
        more.contains("audit_log:") ? yaml.replace("audit_log: audit.jsonl\n", "") : yaml);
  }

  KeyServerConfig config(String more) throws IOException {
    return KeyServerConfig.read(configFile(more));
  }

  /** The audit lines about requests. */
  List<String> auditLines() throws IOException {
    return Files.readAllLines(directory.resolve("audit.jsonl")).stream()
        .filter(line -> !line.contains("\"event\":"))
        .toList();
  }
}
