package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Extents and indirect blocks: found from anywhere, read in any pieces, hinted at by ranges. */
class BlockMapTest {

  /** A root of up to four extents, some never written, laid out by the seed. */
  @Property(tries = 500)
  void each_block_is_found_where_its_extent_says(
      @ForAll @LongRange(min = 0, max = 1L << 40) long seed,
      @ForAll @IntRange(min = 0, max = 4) int count)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] image = shared();
    Repairer forge = new Repairer(image);
    Superblock superblock = forge.superblock();
    byte[] raw = Arrays.copyOfRange(image, forge.inodeAt(2), forge.inodeAt(2) + 256);
    int map = 0x28;
    put16(raw, map, 0xf30a);
    put16(raw, map + 2, count);
    put16(raw, map + 4, 4);
    put16(raw, map + 6, 0);
    long[] model = new long[400];
    int at = 0;
    for (int i = 0; i < count; i++) {
      at += random.nextInt(20);
      int length = 1 + random.nextInt(60);
      int start = 2 + random.nextInt((int) superblock.blocks() - 100);
      boolean written = random.nextBoolean();
      int entry = map + 12 + 12 * i;
      LittleEndian.put32(raw, entry, at);
      put16(raw, entry + 4, written ? length : length + 32768);
      put16(raw, entry + 6, 0);
      LittleEndian.put32(raw, entry + 8, start);
      for (int b = 0; b < length; b++) {
        model[at + b] = written ? start + b : 0;
      }
      at += length;
    }
    OpenedFileSystem fs =
        OpenedFileSystem.of(new MemoryDevice(image), superblock, JournalOverlay.NONE);
    BlockMap found =
        new ExtentMap(
            new Inode(2, raw, 0, superblock),
            new ExtentNodes(superblock, new MetadataCache(fs.device(), superblock.blockSize())));
    BlockMap.Run run = new BlockMap.Run();
    for (int tries = 0; tries < 100; tries++) {
      int logical = random.nextInt(model.length);
      found.find(logical, 1, run);
      assertTrue(run.length >= 1);
      for (int b = 0; b < Math.min(run.length, model.length - logical); b++) {
        assertEquals(model[logical + b], run.physical == 0 ? 0 : run.physical + b);
      }
    }
  }

  private static byte @Nullable [] unpacked;

  private static byte[] shared() throws IOException {
    byte[] image = unpacked;
    if (image == null) {
      image = Image.vector("ext4-1k");
      unpacked = image;
    }
    return image;
  }

  private static void put16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    bytes[at + 1] = (byte) (value >> 8);
  }

  @ParameterizedTest
  @CsvSource({
    "ext4-1k, frag-420",
    "ext4-1k, punched",
    "ext4-1k, prealloc",
    "ext4-4k, sparse-mid",
    "ext2-1k, sparse-mid",
    "ext3-4k, seq-200k"
  })
  void any_piece_of_a_file_is_the_same_as_in_the_whole(String image, String path)
      throws IOException {
    try (Volume volume = Image.open(Image.vector(image))) {
      Node file = Image.find(volume.tree(), path);
      byte[] whole = Image.content(volume.tree(), file);
      SplittableRandom random = new SplittableRandom(7);
      try (Source source = volume.tree().open(file)) {
        for (int i = 0; i < 2000; i++) {
          int from = random.nextInt(whole.length + 10);
          int length = random.nextInt(i % 2 == 0 ? 5000 : 100_000);
          ByteBuffer piece = ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
          int due = Math.clamp(whole.length - from, 0, length);
          assertEquals(due, source.read(from, piece));
          assertEquals(1 + due, piece.position());
          assertEquals(length + 1, piece.limit());
          assertArrayEquals(
              Arrays.copyOfRange(
                  whole, Math.min(from, whole.length), Math.min(from, whole.length) + due),
              Arrays.copyOfRange(piece.array(), 1, 1 + due));
        }
      }
    }
  }

  @Test
  void a_file_in_one_piece_is_read_at_once() throws IOException {
    MemoryDevice device = new MemoryDevice(Image.vector("ext4-1k"));
    try (Volume volume = Image.open(device, JournalMode.REPLAY);
        Source source = volume.tree().open(Image.find(volume.tree(), "seq-200k"))) {
      source.read(0, ByteBuffer.allocate(10));
      long before = device.reads.get();
      source.read(0, ByteBuffer.allocate(200 << 10));
      assertTrue(device.reads.get() - before <= 4, () -> device.reads.get() - before + " reads");
    }
  }

  @Test
  void hints_reach_the_device_as_ranges_of_its_own() throws IOException {
    byte[] image = Image.vector("ext4-1k");
    MemoryDevice device = new MemoryDevice(image);
    try (Volume volume = Image.open(device, JournalMode.REPLAY);
        Source source = volume.tree().open(Image.find(volume.tree(), "sparse-mid"))) {
      byte[] content = Image.content(volume.tree(), Image.find(volume.tree(), "sparse-mid"));
      device.hints.clear();
      assertTrue(source.willNeed(0, source.size()));
      // two blocks of data and one with ten bytes, and holes around them
      assertEquals(4, device.hints.size());
      int at = Math.toIntExact(device.hints.getFirst());
      assertArrayEquals(
          Arrays.copyOfRange(content, 10 << 10, 12 << 10),
          Arrays.copyOfRange(image, at, at + 2048));
      assertTrue(source.preload((LongPredicate) bytes -> true));
    }
  }

  @Test
  void closing_the_volume_closes_the_device() throws IOException {
    MemoryDevice device = new MemoryDevice(Image.vector("ext2-rev0"));
    Image.open(device, JournalMode.REPLAY).close();
    assertTrue(device.closed);
    MemoryDevice broken = new MemoryDevice(new byte[4096]);
    try {
      Image.open(broken, JournalMode.REPLAY).close();
      throw new AssertionError("opened");
    } catch (IOException e) {
      assertTrue(broken.closed);
    }
  }
}
