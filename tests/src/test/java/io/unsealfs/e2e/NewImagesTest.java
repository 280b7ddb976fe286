package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Images made just now: mkfs makes the file system, the kernel fills it through a loop device,
 * cryptsetup or qemu-img encrypts it; what our mount shows is what the kernel's own shows.
 */
class NewImagesTest {
  private static final String SIZE = "48M";

  private static final int MOST_FILES = 400;

  @TempDir Path scratch;

  private Outcome run(String... words) throws IOException, InterruptedException {
    return new Command(scratch, words).run();
  }

  @ParameterizedTest
  @CsvSource({
    "aes-xts-plain64, 512, 4096, argon2id, sha256, ext4, 4096, ''",
    "aes-xts-plain64, 256, 512, pbkdf2, sha512, ext4, 1024, 'metadata_csum_seed'",
    "aes-xts-plain, 512, 512, argon2i, sha256, ext3, 1024, ''",
    "aes-xts-plain64, 512, 4096, argon2id, sha256, ext4, 4096, 'inline_data,large_dir,ea_inode'",
    "aes-cbc-essiv:sha256, 256, 512, pbkdf2, sha1, ext4, 2048, '^metadata_csum,uninit_bg'",
    "aes-cbc-essiv:sha256, 256, 4096, pbkdf2, sha256, ext4, 4096, 'bigalloc'",
    "aes-cbc-plain64, 128, 1024, argon2id, sha256, ext4, 1024, '^has_journal,sparse_super2'",
    "aes-cbc-plain, 192, 512, pbkdf2, sha256, ext2, 1024, ''"
  })
  void whatCryptsetupEncryptsMountsAsTheKernelShowsIt(
      String cipher,
      int bits,
      int sectorSize,
      String pbkdf,
      String hash,
      String type,
      int blockSize,
      String features)
      throws Exception {
    Needs.programs("cryptsetup");
    Path image = scratch.resolve("image");
    TreeSnapshot expected = fileSystem(image, type, blockSize, features);
    run("truncate", "-s", "+" + Cryptsetup.HEADER_ROOM, image.toString()).assertStatus(0);
    Path key = Secrets.file(scratch, "pass phrase");
    Cryptsetup.encrypt(scratch, image, key, cipher, bits, sectorSize, pbkdf, hash).assertStatus(0);
    mountsAs(expected, image, key);
  }

  @ParameterizedTest
  @CsvSource({
    "aes-256, xts, plain64, sha256, ext4, 4096, ''",
    "aes-128, xts, plain, sha1, ext4, 1024, 'bigalloc'",
    "aes-256, cbc, essiv, sha512, ext3, 4096, ''",
    "aes-128, cbc, plain64, sha256, ext2, 2048, ''"
  })
  void whatQemuEncryptsMountsAsTheKernelShowsIt(
      String algorithm,
      String mode,
      String iv,
      String hash,
      String type,
      int blockSize,
      String features)
      throws Exception {
    Needs.programs("qemu-img");
    Path plain = scratch.resolve("plain");
    TreeSnapshot expected = fileSystem(plain, type, blockSize, features);
    Path key = Secrets.file(scratch, "pass phrase");
    Path image = scratch.resolve("image");
    QemuImg.encrypt(
        scratch,
        plain,
        image,
        key,
        "cipher-alg=" + algorithm,
        "cipher-mode=" + mode,
        "ivgen-alg=" + iv + (iv.equals("essiv") ? ",ivgen-hash-alg=sha256" : ""),
        "hash-alg=" + hash);
    mountsAs(expected, image, key);
  }

  private void mountsAs(TreeSnapshot expected, Path image, Path key)
      throws IOException, InterruptedException {
    Needs.fuse();
    try (Mounted mounted = Mounted.mount(scratch, image, "--key", "file:" + key)) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(expected);
    }
    Command.unsealfs(scratch, "check", image.toString(), "--key", "file:" + key)
        .run()
        .assertStatus(0);
  }

  /** Makes and fills a file system; what the kernel shows of it. */
  private TreeSnapshot fileSystem(Path image, String type, int blockSize, String features)
      throws IOException, InterruptedException {
    Needs.programs("mkfs." + type, "truncate", "mount", "umount");
    Needs.root();
    run("truncate", "-s", SIZE, image.toString()).assertStatus(0);
    List<String> words =
        new ArrayList<>(List.of("mkfs." + type, "-q", "-F", "-N", "1024", "-b", "" + blockSize));
    if (!features.isEmpty()) {
      words.addAll(List.of("-O", features));
    }
    words.add(image.toString());
    run(words.toArray(String[]::new)).assertStatus(0);
    Path mount = Files.createDirectory(scratch.resolve("kernel"));
    Outcome mounted = run("mount", "-o", "loop", image.toString(), mount.toString());
    if (mounted.status() != 0 && !Needs.isContinuousIntegration()) {
      assumeTrue(false, "this machine cannot mount loop devices: " + mounted.err());
    }
    mounted.assertStatus(0);
    try {
      fill(mount, blockSize);
    } finally {
      run("umount", mount.toString()).assertStatus(0);
    }
    run("mount", "-o", "loop,ro", image.toString(), mount.toString()).assertStatus(0);
    try {
      TreeSnapshot snapshot = TreeSnapshot.of(mount);
      assertTrue(snapshot.entries().size() > MOST_FILES / 2, () -> "few: " + snapshot);
      return snapshot;
    } finally {
      run("umount", mount.toString()).assertStatus(0);
    }
  }

  private static void fill(Path root, int blockSize) throws IOException {
    Random random = new Random(blockSize);
    for (int size : new int[] {0, 1, 60, 61, 150, blockSize - 1, blockSize, 70_001, 3_000_000}) {
      byte[] content = new byte[size];
      random.nextBytes(content);
      Files.write(root.resolve("f" + size), content);
    }
    Path many = Files.createDirectory(root.resolve("many"));
    for (int i = 0; i < MOST_FILES; i++) {
      Files.writeString(many.resolve("a-file-of-a-directory-that-has-an-index-" + i), "" + i);
    }
    for (int i = 0; i < MOST_FILES; i += 3) {
      Files.delete(many.resolve("a-file-of-a-directory-that-has-an-index-" + i));
    }
    for (int length : new int[] {1, 59, 60, 300}) {
      Files.createSymbolicLink(root.resolve("l" + length), Path.of("t".repeat(length)));
    }
    Files.createLink(many.resolve("again"), root.resolve("f70001"));
    Files.setPosixFilePermissions(
        root.resolve("f61"), PosixFilePermissions.fromString("r--------"));
    Files.setAttribute(
        root.resolve("f61"),
        "user:note",
        ByteBuffer.wrap("of a user".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    try (FileChannel sparse =
        FileChannel.open(
            root.resolve("sparse"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 40; i++) {
        sparse.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 100_003L * i);
        sparse.force(false);
      }
    }
  }
}
