package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.object.S3ProxyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A volume in a bucket that is held to a manifest made elsewhere. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManifestMountTest {
  private static final String BUCKET = "models";

  /** The files of the volume; each ciphertext is known by its length. */
  private static final String FIRST = "first".repeat(20);

  private static final String OLDER = "older".repeat(20);
  private static final String LATE = "late".repeat(500);

  @TempDir static Path shared = Path.of("");
  @TempDir Path scratch = Path.of("");
  private S3ProxyServer server;
  private Path plain = Path.of("");
  private Path volume = Path.of("");
  private String key = "";

  @BeforeAll
  void start() throws Exception {
    server = S3ProxyServer.start(Files.createDirectory(shared.resolve("buckets")));
    server.bucket(BUCKET);
    plain = Files.createDirectory(shared.resolve("plain"));
    Files.writeString(plain.resolve("first"), FIRST);
    Files.writeString(plain.resolve("older"), OLDER);
    Files.createDirectory(plain.resolve("sub"));
    Files.writeString(plain.resolve("sub/late"), LATE);
    byte[] large = new byte[4 << 20];
    new Random(5).nextBytes(large);
    Files.write(plain.resolve("sub/large"), large);
    key = Secrets.reference(shared, "a passphrase of the test");
    volume = encrypt("volume", "--format", "gocryptfs", "--plaintext-names", "--scrypt-n", "10");
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  private Path encrypt(String name, String... options) throws IOException, InterruptedException {
    Path target = shared.resolve(name);
    Command.unsealfs(shared, "encrypt", plain.toString(), target.toString(), "--key", key)
        .with(options)
        .run()
        .assertStatus(0);
    return target;
  }

  private List<String> store() {
    return List.of(
        "--endpoint", server.openEndpoint(), "--path-style", "--credentials", "anonymous");
  }

  private Command unsealfs(String... words) {
    return Command.unsealfs(scratch, words).with("--key", key);
  }

  private Command onBucket(String... words) {
    return unsealfs(words).with(store().toArray(String[]::new));
  }

  private String digest(Path source, Path manifest, String... more)
      throws IOException, InterruptedException {
    return unsealfs("manifest", source.toString(), manifest.toString())
        .with(more)
        .run()
        .assertStatus(0)
        .out()
        .strip();
  }

  private void assertRefused(int status, String why, Command command)
      throws IOException, InterruptedException {
    Outcome outcome = command.run().assertStatus(status);
    assertTrue(outcome.errLine().contains(why), outcome::toString);
  }

  @Test
  void whatWasPutBackOrAddedIsNotShownAndANewManifestIs() throws Exception {
    Needs.fuse();
    // without the late file, as it was before
    Path before = Files.createDirectory(scratch.resolve("before"));
    copy(volume, before);
    Files.delete(before.resolve("sub/late"));
    Path manifest = scratch.resolve("manifest");
    digest(before, manifest);
    server.upload(BUCKET, "v", volume);
    server.put(BUCKET, "v/first", volume.resolve("older"));
    List<String> options = new ArrayList<>(store());
    options.addAll(List.of("--key", key));
    // the format alone takes it for what it is called
    try (Mounted mounted =
        Mounted.mount(scratch, "s3://" + BUCKET + "/v", options.toArray(String[]::new))) {
      assertEquals(OLDER, Files.readString(mounted.resolve("first")));
    }
    options.addAll(List.of("-o", "manifest=" + manifest));
    try (Mounted mounted =
        Mounted.mount(scratch, "s3://" + BUCKET + "/v", options.toArray(String[]::new))) {
      IOException e =
          assertThrows(IOException.class, () -> Files.readString(mounted.resolve("first")));
      assertTrue(String.valueOf(e.getMessage()).contains("Input/output"), e::toString);
      assertTrue(
          mounted.log().stream().anyMatch(line -> line.contains("is not what the manifest says")),
          () -> e.toString());
      assertEquals(OLDER, Files.readString(mounted.resolve("older")));
      assertFalse(Files.exists(mounted.resolve("sub/late")));

      digest(volume, manifest, "--force");
      server.put(BUCKET, "v/first", volume.resolve("first"));
      assertEquals(
          0, new ProcessBuilder("kill", "-HUP", String.valueOf(mounted.pid())).start().waitFor());
      Processes.await("the new name", () -> Files.exists(mounted.resolve("sub/late")));
      assertEquals(LATE, Files.readString(mounted.resolve("sub/late")));
      mounted.unmount();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.skip(1).toList()) {
        Files.copy(each, to.resolve(from.relativize(each)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Test
  void aManifestThatIsNotTheVolumesOwnIsRefused() throws Exception {
    server.upload(BUCKET, "w", volume);
    String source = "s3://" + BUCKET + "/w";
    Path manifest = scratch.resolve("manifest");
    String digest = digest(volume, manifest);
    onBucket("ls", source, "--manifest", manifest.toString(), "--manifest-digest", digest)
        .run()
        .assertStatus(0);
    onBucket("check", source, "--manifest", manifest.toString()).run().assertStatus(0);
    // the manifest itself may lie in the bucket
    server.put(BUCKET, "manifest", manifest);
    onBucket("ls", source, "--manifest", "s3://" + BUCKET + "/manifest").run().assertStatus(0);

    byte[] forged = Files.readAllBytes(manifest);
    forged[12] ^= 1; // when it was made
    Path other = Files.write(scratch.resolve("other"), forged);
    assertRefused(
        27, "was not sealed with the key", onBucket("ls", source, "--manifest", other.toString()));
    assertRefused(
        27,
        "pinned is " + digest,
        onBucket("ls", source, "--manifest", other.toString(), "--manifest-digest", digest));
    Files.writeString(other, "USFMANI1 and nothing else that anybody could make sense of");
    assertRefused(
        23, "no manifest that can be used", onBucket("ls", source, "--manifest", other.toString()));
    assertRefused(
        2, "is on this machine", unsealfs("ls", volume.toString(), "--manifest", other.toString()));
    assertRefused(
        2, "--force replaces it", unsealfs("manifest", volume.toString(), manifest.toString()));
  }

  @Test
  void aChangedByteOfALuksImageIsFound() throws Exception {
    Path image =
        encrypt(
            "image", "--format", "luks2", "--luks-pbkdf", "pbkdf2", "--luks-iterations", "1000");
    Path manifest = scratch.resolve("manifest");
    digest(image, manifest);
    byte[] changed = Files.readAllBytes(image);
    changed[changed.length - (3 << 20)] ^= 1;
    server.put(BUCKET, "image", changed);
    String source = "s3://" + BUCKET + "/image";
    onBucket("check", source).run().assertStatus(0);
    Outcome check = onBucket("check", source, "--manifest", manifest.toString()).run();
    assertEquals(26, check.status(), check::toString);
    assertTrue(check.out().contains("is not what the manifest says"), check::toString);
  }
}
