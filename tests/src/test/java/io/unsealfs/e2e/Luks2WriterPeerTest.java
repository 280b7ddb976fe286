package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of ours and the real cryptsetup, each with the other's; no device-mapper needed. */
class Luks2WriterPeerTest {
  @TempDir Path scratch;

  private Path tree() throws IOException {
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    byte[] content = new byte[700_001];
    new Random(5).nextBytes(content);
    Files.write(tree.resolve("weights"), content);
    Files.createDirectories(tree.resolve("a/b"));
    Files.writeString(tree.resolve("a/b/text"), "text");
    Files.createSymbolicLink(tree.resolve("a/link"), Path.of("b/text"));
    Files.createLink(tree.resolve("again"), tree.resolve("weights"));
    return tree;
  }

  private Outcome run(String... words) throws IOException, InterruptedException {
    return new Command(scratch, words).run();
  }

  private Outcome unsealfs(String... words) throws IOException, InterruptedException {
    return Command.unsealfs(scratch, words).run();
  }

  @ParameterizedTest
  @CsvSource({"argon2id", "pbkdf2"})
  void cryptsetupOpensAndDecryptsWhatWeWrite(String pbkdf) throws Exception {
    Needs.programs("cryptsetup", "mkfs.ext4");
    Needs.root(); // cryptsetup reencrypt asks for it
    Path tree = tree();
    Path image = scratch.resolve("image");
    Path key = Secrets.file(scratch, "pass phrase");
    unsealfs(
            "encrypt",
            tree.toString(),
            image.toString(),
            "--format",
            "luks2",
            "--key",
            "file:" + key,
            "--luks-pbkdf",
            pbkdf,
            "--luks-argon2-memory",
            "8M",
            "--luks-iterations",
            "2000")
        .assertStatus(0);
    run("cryptsetup", "luksDump", image.toString()).assertStatus(0);
    run("cryptsetup", "open", "--test-passphrase", "--key-file", key.toString(), image.toString())
        .assertStatus(0);
    Path target = scratch.resolve("out");
    unsealfs("export", image.toString(), target.toString(), "--key", "file:" + key).assertStatus(0);
    Files.delete(target.resolve("lost+found"));
    withoutRootOwner(target).assertEqualTo(withoutRootOwner(tree));
    unsealfs(
            "export",
            image.toString(),
            scratch.resolve("raw").toString(),
            "--raw",
            "--key",
            "file:" + key)
        .assertStatus(0);
    byte[] raw = Files.readAllBytes(scratch.resolve("raw/image.raw"));
    run(
            "cryptsetup",
            "reencrypt",
            "-q",
            "--decrypt",
            "--force-offline-reencrypt",
            "--header",
            scratch.resolve("header").toString(),
            "--key-file",
            key.toString(),
            image.toString())
        .assertStatus(0);
    byte[] decrypted = Files.readAllBytes(image);
    assertArrayEquals(raw, Arrays.copyOf(decrypted, raw.length));
  }

  /** mkfs gives the root to whom it likes. */
  private static TreeSnapshot withoutRootOwner(Path directory) throws IOException {
    var entries = new java.util.TreeMap<>(TreeSnapshot.of(directory).entries());
    entries.remove(entries.firstKey());
    return new TreeSnapshot(entries);
  }

  @ParameterizedTest
  @CsvSource({
    "aes-xts-plain64, 512, 4096, argon2id, sha256", "aes-xts-plain64, 256, 512, pbkdf2, sha512",
    "aes-xts-plain, 512, 2048, argon2i, sha256", "aes-cbc-essiv:sha256, 256, 512, pbkdf2, sha1",
    "aes-cbc-plain64, 128, 1024, argon2id, sha256", "aes-cbc-plain, 192, 512, pbkdf2, sha256"
  })
  void weReadWhatCryptsetupEncrypts(
      String cipher, int bits, int sectorSize, String pbkdf, String hash) throws Exception {
    Needs.programs("cryptsetup", "mkfs.ext4", "truncate");
    Needs.root();
    Path tree = tree();
    Path image = scratch.resolve("image");
    Path key = Secrets.file(scratch, "pass phrase");
    run("truncate", "-s", "8M", image.toString()).assertStatus(0);
    run("mkfs.ext4", "-q", "-F", "-b", "4096", "-d", tree.toString(), image.toString())
        .assertStatus(0);
    byte[] plain = Files.readAllBytes(image);
    run("truncate", "-s", "+" + Cryptsetup.HEADER_ROOM, image.toString()).assertStatus(0);
    Cryptsetup.encrypt(scratch, image, key, cipher, bits, sectorSize, pbkdf, hash).assertStatus(0);
    unsealfs(
            "export",
            image.toString(),
            scratch.resolve("raw").toString(),
            "--raw",
            "--key",
            "file:" + key)
        .assertStatus(0);
    byte[] raw = Files.readAllBytes(scratch.resolve("raw/image.raw"));
    assertArrayEquals(plain, Arrays.copyOf(raw, plain.length));
    unsealfs("check", image.toString(), "--key", "file:" + key).assertStatus(0);
  }

  @Test
  void weReadWhatQemuEncrypts() throws Exception {
    Needs.programs("qemu-img", "mkfs.ext4", "truncate");
    Path plain = scratch.resolve("plain");
    Path image = scratch.resolve("image");
    Path key = Secrets.file(scratch, "pass phrase");
    run("truncate", "-s", "8M", plain.toString()).assertStatus(0);
    run("mkfs.ext4", "-q", "-F", "-d", tree().toString(), plain.toString()).assertStatus(0);
    QemuImg.encrypt(scratch, plain, image, key, "hash-alg=sha256");
    unsealfs(
            "export",
            image.toString(),
            scratch.resolve("raw").toString(),
            "--raw",
            "--key",
            "file:" + key)
        .assertStatus(0);
    assertArrayEquals(
        Files.readAllBytes(plain), Files.readAllBytes(scratch.resolve("raw/image.raw")));
  }

  @Test
  void aTargetAppearsWholeOrNotAtAll() throws Exception {
    Path tree = tree();
    Path key = Secrets.file(scratch, "pass phrase");
    Path target = Files.writeString(scratch.resolve("target"), "mine");
    unsealfs(
            "encrypt",
            tree.toString(),
            target.toString(),
            "--format",
            "luks2",
            "--key",
            "file:" + key)
        .assertStatus(2);
    assertEquals("mine", Files.readString(target));
    Outcome noTool =
        Command.unsealfs(
                scratch,
                "encrypt",
                tree.toString(),
                scratch.resolve("other").toString(),
                "--format",
                "luks2",
                "--key",
                "file:" + key)
            .environment("PATH", pathWithoutMkfs())
            .run();
    assertTrue(noTool.status() != 0 && noTool.errLine().contains("e2fsprogs"), noTool.err());
    try (Stream<Path> left = Files.list(scratch)) {
      assertTrue(left.noneMatch(file -> file.getFileName().toString().contains("other")));
    }
  }

  private String pathWithoutMkfs() throws IOException {
    Path bin = Files.createDirectory(scratch.resolve("bin"));
    for (String program : List.of("bash", "find", "flock", "readlink", "sleep", "touch", "mkdir")) {
      for (String folder : List.of("/usr/bin", "/bin")) {
        Path real = Path.of(folder, program);
        if (Files.exists(real) && !Files.exists(bin.resolve(program))) {
          Files.createSymbolicLink(bin.resolve(program), real);
        }
      }
    }
    return bin.toString();
  }
}
