package io.unsealfs.daemon;

import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.PskProof;
import io.unsealfs.keyserver.Callers;
import io.unsealfs.keyserver.KekFetcher;
import io.unsealfs.keyserver.KeyEncryptionKey;
import io.unsealfs.keyserver.KeyEncryptionKeys;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.WrappedSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The files of a key server as {@code keyserver init} makes them: configuration, identity key,
 * key-encryption key, store. All readable by their owner only.
 */
final class KeyServerDirectory {
  private static final FileAttribute<?> OWNER_FILE = owner("rw-------");
  private static final FileAttribute<?> OWNER_DIRECTORY = owner("rwx------");
  private static final String SECRETS = "secrets";
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyServerDirectory() {}

  /**
   * Makes a new directory with fresh keys and a configuration without secrets.
   *
   * @return the configuration file
   */
  static Path init(Path directory, String listen, boolean allowSample) throws IOException {
    Files.createDirectory(directory, OWNER_DIRECTORY);
    writeAndWipe(directory.resolve("identity.pem"), IdentityKey.generatePem());
    byte[] kek = new byte[KeyEncryptionKey.SIZE];
    RANDOM.nextBytes(kek);
    writeAndWipe(directory.resolve("kek"), hex(kek));
    Path config = directory.resolve("keyserver.yaml");
    writeAndWipe(
        config,
        """
        # Key server of unsealfs; every field is described in docs/keyserver.md.
        listen: "%s"
        tls:
          # clients recognise the server by its identity key (--server-pin)
          self_signed: true
        identity_key: identity.pem
        kek_file: kek
        %saudit_log: audit.jsonl
        # what "keyserver secret" works on
        store:
          directory: store
        """
            .formatted(listen, allowSample ? "allow_sample: true\n" : "")
            .getBytes(StandardCharsets.UTF_8));
    return config;
  }

  /**
   * Whether a configuration names a store. One without, as init once made them, may have no secret
   * yet, with which it is not read.
   */
  static boolean hasStore(Path config) throws IOException {
    boolean endsWithSecrets = Files.readString(config).stripTrailing().endsWith("secrets:");
    return !endsWithSecrets && KeyServerConfig.read(config).store().isPresent();
  }

  /**
   * Wraps {@code plaintext} and appends the secret to the configuration, which changes only if it
   * is good with it.
   */
  static void addSecret(
      Path config,
      String name,
      byte[] plaintext,
      String evidence,
      KekFetcher keks,
      SecretMemory memory)
      throws IOException {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
      throw new UsageException(
          name + ": name a secret with up to 100 letters, digits, dots, dashes and underscores");
    }
    Path directory = config.toAbsolutePath().getParent();
    String before = Files.readString(config);
    if (directory == null || !before.stripTrailing().contains("secrets:")) {
      throw new KeyServerConfigException(config + ": has no secrets: key at its end to append to");
    }
    Path wrapped = secretsOf(directory).resolve(name + ".wrapped");
    if (Files.exists(wrapped)) {
      throw new FileAlreadyExistsException(wrapped.toString());
    }
    String after =
        before.stripTrailing()
            + "\n  - name: \"%s\"\n    file: secrets/%s.wrapped\n    evidence: [%s]\n"
                .formatted(name, name, evidence);
    Path fresh = Files.createTempFile(directory, ".keyserver-", ".yaml", OWNER_FILE);
    try {
      Files.writeString(fresh, after);
      KeyServerConfig read = KeyServerConfig.read(fresh);
      try (KeyEncryptionKeys known = KeyEncryptionKeys.load(read.keks(), keks, memory)) {
        WrappedSecret.wrap(name, plaintext, known.current()).writeTo(wrapped);
      }
      Files.move(
          fresh, config, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Makes a random pre-shared key: one file for the client, and one wrapped for the server.
   *
   * @return the server's file, from the configuration's directory
   */
  static Path makePreSharedKey(
      Path config, String id, Path clientFile, KekFetcher keks, SecretMemory memory)
      throws IOException {
    if (!PskProof.isId(id)) {
      throw new UsageException(
          id + ": name a key with up to 64 letters, digits, dots, dashes and underscores");
    }
    String file = "psk-" + id + ".wrapped";
    Path wrapped = secretsOf(config.toAbsolutePath().resolveSibling("")).resolve(file);
    if (Files.exists(wrapped)) {
      throw new FileAlreadyExistsException(wrapped.toString());
    }
    byte[] key = generate();
    try (KeyEncryptionKeys known =
        KeyEncryptionKeys.load(KeyServerConfig.read(config).keks(), keks, memory)) {
      Callers.PreSharedKey named = new Callers.PreSharedKey(id, wrapped, true);
      WrappedSecret made = WrappedSecret.wrap(named.wrappedName(), key, known.current());
      // first the copy that cannot be made again
      writeAndWipe(clientFile, key);
      made.writeTo(wrapped);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
    return Path.of(SECRETS, file);
  }

  private static Path secretsOf(Path directory) throws IOException {
    Path secrets = directory.resolve(SECRETS);
    if (Files.notExists(secrets)) {
      Files.createDirectory(secrets, OWNER_DIRECTORY);
    }
    return secrets;
  }

  /** A new random passphrase of 64 hexadecimal digits. */
  static byte[] generate() {
    byte[] random = new byte[32];
    RANDOM.nextBytes(random);
    return hex(random);
  }

  private static byte[] hex(byte[] bytesToWipe) {
    byte[] digits = new byte[2 * bytesToWipe.length];
    for (int i = 0; i < bytesToWipe.length; i++) {
      digits[2 * i] = (byte) Character.forDigit((bytesToWipe[i] >> 4) & 15, 16);
      digits[2 * i + 1] = (byte) Character.forDigit(bytesToWipe[i] & 15, 16);
    }
    Arrays.fill(bytesToWipe, (byte) 0);
    return digits;
  }

  private static void writeAndWipe(Path file, byte[] content) throws IOException {
    try {
      Files.createFile(file, OWNER_FILE);
      Files.write(file, content);
    } finally {
      Arrays.fill(content, (byte) 0);
    }
  }

  private static FileAttribute<?> owner(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }
}
