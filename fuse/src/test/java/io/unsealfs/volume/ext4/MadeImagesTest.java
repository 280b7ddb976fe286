package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Images made in the test run: by mke2fs from a directory, and filled further by the kernel, whose
 * own view is then the measure.
 */
class MadeImagesTest {
  @TempDir Path temp;

  private Path log() {
    return temp.resolve("log");
  }

  @ParameterizedTest
  @CsvSource({
    "ext2, 1024, ''",
    "ext2, 4096, ^filetype",
    "ext3, 1024, ''",
    "ext3, 2048, ''",
    "ext4, 1024, ''",
    "ext4, 1024, '64bit,metadata_csum_seed'",
    "ext4, 1024, 'bigalloc'",
    "ext4, 1024, 'meta_bg,^resize_inode'",
    "ext4, 2048, '^metadata_csum,uninit_bg'",
    "ext4, 2048, 'inline_data'",
    "ext4, 4096, ''",
    "ext4, 4096, '^extents,^64bit'",
    "ext4, 4096, '^has_journal,sparse_super2'",
    "ext4, 4096, 'inline_data,ea_inode,large_dir'",
    "ext4, 4096, 'bigalloc,inline_data'",
    "ext4, 65536, ''",
    "ext4, 65536, 'inline_data'"
  })
  void shows_the_directory_it_was_made_from(String type, int blockSize, String features)
      throws Exception {
    Path source = Files.createDirectory(temp.resolve("source"));
    fill(source, blockSize);
    Path image = make(type, blockSize, features, source, blockSize == 65536 ? 256 : 48);
    try (FileTree expected = LocalTree.open(source);
        Volume volume = Image.open(new FileDevice(image), JournalMode.REPLAY)) {
      int nodes = new Comparison(expected, volume.tree(), false).run();
      assertTrue(nodes > 500, () -> nodes + " nodes");
      isSound(volume);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ext2, 1024, ''",
    "ext2, 4096, ''",
    "ext3, 4096, ''",
    "ext4, 1024, ''",
    "ext4, 1024, 'bigalloc'",
    "ext4, 2048, 'inline_data'",
    "ext4, 4096, 'ea_inode,large_dir,metadata_csum_seed'",
    "ext4, 4096, 'inline_data,orphan_file'",
    "ext4, 4096, '^metadata_csum,^64bit'"
  })
  void shows_what_the_kernel_shows(String type, int blockSize, String features) throws Exception {
    Path empty = Files.createDirectory(temp.resolve("empty"));
    Path image = make(type, blockSize, features, empty, 64);
    Path mount = Files.createDirectory(temp.resolve("mount"));
    loopMount(image, mount, "rw");
    try {
      fill(mount, blockSize);
      rewrite(mount, blockSize);
    } finally {
      unmount(mount);
    }
    loopMount(image, mount, "ro,noload");
    try (FileTree expected = LocalTree.open(mount);
        Volume volume = Image.open(new FileDevice(image), JournalMode.REPLAY)) {
      assertTrue(new Comparison(expected, volume.tree(), true).run() > 400);
      isSound(volume);
    } finally {
      unmount(mount);
    }
  }

  private void isSound(Volume volume) throws IOException {
    List<Finding> findings = new ArrayList<>();
    volume.check(findings::add, bytes -> {});
    assertEquals(List.of(), findings);
  }

  private Path make(String type, int blockSize, String features, Path source, int mebibytes)
      throws Exception {
    Path image = temp.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength((long) mebibytes << 20);
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                ProgramRun.needs("mkfs." + type),
                "-q",
                "-F",
                "-b",
                String.valueOf(blockSize),
                "-N",
                "4096",
                "-d",
                source.toString()));
    if (!features.isEmpty()) {
      command.add("-O");
      command.add(features);
    }
    command.add(image.toString());
    try {
      ProgramRun.run(log(), command.toArray(String[]::new));
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("Invalid filesystem option")) {
        ProgramRun.missing("this mke2fs does not know " + features);
      }
      throw e;
    }
    return image;
  }

  private void loopMount(Path image, Path mount, String options) throws Exception {
    try {
      ProgramRun.run(
          log(),
          ProgramRun.needs("mount"),
          "-o",
          "loop," + options,
          image.toString(),
          mount.toString());
    } catch (IOException e) {
      if (options.contains("noload")) {
        ProgramRun.run(
            log(), ProgramRun.needs("mount"), "-o", "loop,ro", image.toString(), mount.toString());
        return;
      }
      ProgramRun.missing("images cannot be mounted here: " + e.getMessage());
    }
  }

  private void unmount(Path mount) throws Exception {
    ProgramRun.run(log(), ProgramRun.needs("umount"), mount.toString());
  }

  private static void fill(Path root, int blockSize) throws IOException {
    SplittableRandom random = new SplittableRandom(blockSize);
    Path sizes = Files.createDirectory(root.resolve("sizes"));
    for (int size :
        new int[] {0, 1, 59, 60, 61, 150, 1023, 1024, 1025, 4095, 4096, 4097, 70_000, 300_000}) {
      byte[] content = new byte[size];
      random.nextBytes(content);
      Files.write(sizes.resolve("f" + size), content);
    }
    Path many = Files.createDirectory(root.resolve("many"));
    for (int i = 0; i < 500; i++) {
      Files.write(many.resolve("a-file-of-a-directory-that-needs-an-index-" + i), new byte[0]);
    }
    Path links = Files.createDirectory(root.resolve("links"));
    for (int length : new int[] {1, 58, 59, 60, 61, 200, 900}) {
      Files.createSymbolicLink(links.resolve("l" + length), Path.of("t".repeat(length)));
    }
    Files.createLink(links.resolve("hard"), sizes.resolve("f4097"));
    Path deep = root;
    for (int i = 0; i < 20; i++) {
      deep = Files.createDirectory(deep.resolve("d" + i));
    }
    Files.writeString(deep.resolve("bottom"), "bottom");
    Files.createDirectory(root.resolve("none"));
    Path attributes = Files.writeString(root.resolve("attributes"), "x");
    attribute(attributes, "short", 5);
    attribute(attributes, "long", 300);
    Path secret = Files.writeString(root.resolve("secret"), "y");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    Files.setLastModifiedTime(secret, FileTime.from(Instant.ofEpochSecond(1_000_000_000, 5)));
    try (FileChannel sparse =
        FileChannel.open(
            root.resolve("sparse"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 40; i++) {
        sparse.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 100_003L * i);
      }
    }
  }

  private static void attribute(Path file, String name, int length) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    try {
      view.write(name, StandardCharsets.UTF_8.encode("v".repeat(length)));
    } catch (FileSystemException e) {
      ProgramRun.missing("no extended attributes in temporary files: " + e.getMessage());
    }
  }

  /** What only a file system in use gets: holes from deletion, fragments, rewritten files. */
  private static void rewrite(Path root, int blockSize) throws IOException {
    for (int i = 0; i < 500; i += 3) {
      Files.delete(root.resolve("many/a-file-of-a-directory-that-needs-an-index-" + i));
    }
    for (int i = 0; i < 100; i++) {
      Files.writeString(root.resolve("many/new-" + i), "new " + i);
    }
    try (FileChannel a = channel(root.resolve("a"));
        FileChannel b = channel(root.resolve("b"))) {
      byte[] block = new byte[blockSize];
      for (int i = 0; i < 300; i++) {
        block[i % blockSize] = (byte) i;
        a.write(ByteBuffer.wrap(block), 2L * i * blockSize);
        b.write(ByteBuffer.wrap(block), (long) i * blockSize);
        if (i % 20 == 0) {
          a.force(false);
          b.force(false);
        }
      }
      b.truncate(150L * blockSize + 7);
    }
    Files.delete(root.resolve("sizes/f300000"));
  }

  private static FileChannel channel(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** An image file. */
  private static final class FileDevice implements Source {
    private final FileChannel channel;
    private final long size;

    FileDevice(Path path) throws IOException {
      this.channel = FileChannel.open(path);
      this.size = channel.size();
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      int done = 0;
      while (dst.hasRemaining()) {
        int got = channel.read(dst, offset + done);
        if (got < 0) {
          break;
        }
        done += got;
      }
      return done;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
