package io.unsealfs.volume.gocryptfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.Recorder;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.trees.MemoryTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Storage that puts one file of a volume in the place of another while a reader has it open. */
class SwappedFileTest {
  private static final int SIZE = 1 << 20;
  private static final int BLOCK = 4096;

  @TempDir Path directory;
  private final byte[] mine = new byte[SIZE];
  private final byte[] other = new byte[SIZE];
  private byte[] mineStored = {};
  private byte[] otherStored = {};

  @BeforeEach
  void encrypt() throws Exception {
    Arrays.fill(mine, (byte) 'm');
    Arrays.fill(other, (byte) 'o');
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.write(source.resolve("mine"), mine);
    Files.write(source.resolve("other"), other);
    try (VolumeKey key = key()) {
      new GocryptfsWriter(
              new GocryptfsWriter.Options(true, 10, 1), new Recorder(), new StopSwitch())
          .encrypt(source, directory.resolve("volume"), key);
    }
    mineStored = Files.readAllBytes(directory.resolve("volume/mine"));
    otherStored = Files.readAllBytes(directory.resolve("volume/other"));
  }

  private static VolumeKey key() {
    return new VolumeKey.Passphrase(LockedMemory.copyOf("correct horse".getBytes(UTF_8)));
  }

  /** As storage does that shows nothing of it: no other time, no other inode. */
  private void swap() {
    System.arraycopy(otherStored, 0, mineStored, 0, mineStored.length);
  }

  private static byte[] read(Source source, long offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    assertEquals(length, source.read(offset, dst));
    return dst.array();
  }

  private Volume open(BlockCache cache) throws IOException {
    try (VolumeKey key = key()) {
      return new GocryptfsFormat()
          .open(
              storage(),
              key,
              new VolumeContext(cache, new VolumeLimits(1L << 30, 1L << 30), warning -> {}));
    }
  }

  private FileTree storage() throws IOException {
    byte[] configuration = Files.readAllBytes(directory.resolve("volume/gocryptfs.conf"));
    return new MemoryTree(
        MemoryTree.directory(1)
            .add(Name.of("gocryptfs.conf"), MemoryTree.file(2, configuration))
            .add(Name.of("mine"), MemoryTree.file(3, mineStored)));
  }

  private static Source mine(Volume volume) throws IOException {
    FileTree tree = volume.tree();
    return tree.open(tree.lookup(tree.root(), Name.of("mine")));
  }

  @Test
  void who_was_served_bytes_of_one_file_is_never_served_another_ones() throws Exception {
    try (BlockCache cache = new BlockCache(32 << 20, 64 << 10);
        Volume volume = open(cache);
        Source source = mine(volume)) {
      assertArrayEquals(Arrays.copyOf(mine, BLOCK), read(source, 0, BLOCK));
      swap();
      for (int offset = SIZE / 2; offset < SIZE; offset += 64 << 10) {
        long at = offset;
        byte[] plaintext = new byte[BLOCK];
        assertThrows(IntegrityException.class, () -> source.read(at, ByteBuffer.wrap(plaintext)));
        assertArrayEquals(new byte[BLOCK], plaintext);
      }
      // large reads go past the cache
      assertThrows(IntegrityException.class, () -> source.read(0, ByteBuffer.allocate(SIZE)));
    }
  }

  @Test
  void who_was_served_nothing_yet_gets_one_file_whole() throws Exception {
    try (BlockCache cache = new BlockCache(32 << 20, 64 << 10);
        Volume volume = open(cache);
        Source source = mine(volume)) {
      swap();
      // gocryptfs binds no name to a file: a file put in another's place at rest is that file
      byte[] seen = read(source, 0, BLOCK);
      assertArrayEquals(Arrays.copyOf(other, BLOCK), seen);
      assertArrayEquals(other, read(source, 0, SIZE));
    }
  }
}
