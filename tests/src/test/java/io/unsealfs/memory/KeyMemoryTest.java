package io.unsealfs.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.keyserver.KeyEncryptionKey;
import io.unsealfs.keyserver.KeyServer;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.WrappedSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts in a process of its own, unmounts, and looks for what is left of the keys. */
class KeyMemoryTest {
  /**
   * A collection may leave dead objects in place as filler arrays, which a dump of "live" objects
   * then shows with what they held before. These options make it move every live object together.
   */
  private static final List<String> COMPACTING =
      List.of("-XX:+UseSerialGC", "-XX:MarkSweepAlwaysCompactCount=1", "-XX:MarkSweepDeadRatio=0");

  private static final byte[] PASSPHRASE =
      "correct horse battery staple".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path folder = Path.of("");

  @Test
  @DisplayName("after an unmount no live object holds a passphrase or what was derived from it")
  void passphrase() throws Exception {
    leavesNothing("default-scrypt16", "file:" + secret("passphrase", PASSPHRASE), List.of());
  }

  @Test
  @DisplayName("after an unmount no live object holds a master key or what was derived from it")
  void masterKey() throws Exception {
    byte[] key = HexFormat.of().parseHex(masterKeyHex("default-scrypt16"));
    String reference = "file:" + secret("master", key) + "?as=masterkey";
    leavesNothing("default-scrypt16", reference, List.of());
  }

  @Test
  @DisplayName("after an unmount no live object holds a secret that a key server released")
  void fetched() throws Exception {
    secret("identity.pem", IdentityKey.generatePem());
    byte[] kek = new byte[KeyEncryptionKey.SIZE];
    kek[0] = 1;
    secret("kek", kek);
    secret(
        "model",
        WrappedSecret.wrap(
                "model", PASSPHRASE, KeyEncryptionKey.of(kek, MountingProgram.Region::new))
            .encode());
    Path config = folder.resolve("keyserver.yaml");
    Files.writeString(
        config,
        """
        listen: "127.0.0.1:0"
        tls:
          self_signed: true
        identity_key: identity.pem
        kek_file: kek
        allow_sample: true
        secrets:
          - name: model
            file: model
            evidence: [sample]
        """);
    try (KeyServer server =
        KeyServer.start(
            KeyServerConfig.read(config), Clock.systemUTC(), MountingProgram.Region::new)) {
      leavesNothing(
          "default-scrypt16",
          "grpc://127.0.0.1:" + server.port() + "/model",
          List.of(server.identityPin()));
    }
  }

  private void leavesNothing(String volume, String reference, List<String> pin) throws Exception {
    needFuse();
    Search search = new Search(KeyTraces.pieces(secrets(volume)));
    Path mountPoint = Files.createDirectory(folder.resolve("mount"));
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of(folder.resolve(volume).toString(), mountPoint.toString(), reference));
    arguments.addAll(pin);
    try (MountedProcess process = new MountedProcess(mountPoint, COMPACTING, arguments)) {
      process.readAll();
      // the search finds what has to be there while the volume is open, or it would prove nothing
      Map<String, Integer> open = process.liveObjects(folder, search);
      assertTrue(open.containsKey("content key"), () -> "found only " + open);
      assertTrue(!open.containsKey("passphrase"), () -> "live while mounted: " + open);
      assertTrue(!open.containsKey("scrypt output"), () -> "live while mounted: " + open);
      assertTrue(!open.containsKey("master key"), () -> "live while mounted: " + open);
      process.tell("unmount");
      assertEquals(Map.of(), process.liveObjects(folder, search), "live after the unmount");
    }
  }

  private Map<String, byte[]> secrets(String volume)
      throws IOException, InterruptedException, GeneralSecurityException {
    return unpackAndDerive(folder, volume);
  }

  /** Unpacks the volume and derives all its secrets. */
  static Map<String, byte[]> unpackAndDerive(Path folder, String volume)
      throws IOException, InterruptedException, GeneralSecurityException {
    Process tar =
        new ProcessBuilder("tar", "-xzf", vectors().resolve(volume + ".tar.gz").toString())
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals(0, tar.waitFor());
    return KeyTraces.of(
        folder.resolve(volume), PASSPHRASE, HexFormat.of().parseHex(masterKeyHex(volume)));
  }

  private static String masterKeyHex(String volume) throws IOException {
    String manifest = Files.readString(vectors().resolve("manifest.json"));
    int at = manifest.indexOf("\"volume\": \"" + volume + "\"");
    int key = manifest.indexOf("\"masterkey_hex\": \"", at) + "\"masterkey_hex\": \"".length();
    return manifest.substring(key, key + 64);
  }

  private static Path vectors() {
    Path path = Path.of(System.getProperty("unsealfs.vectors", "no-vectors"), "gocryptfs");
    need(Files.isDirectory(path), "test vectors missing: " + path);
    return path;
  }

  private static void needFuse() {
    need(Files.isReadable(Path.of("/dev/fuse")), "/dev/fuse cannot be opened");
  }

  private static void need(boolean there, String what) {
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError(what);
    }
    assumeTrue(there, what);
  }

  private Path secret(String name, byte[] bytes) throws IOException {
    Path file =
        Files.createFile(
            folder.resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.write(file, bytes);
  }
}
