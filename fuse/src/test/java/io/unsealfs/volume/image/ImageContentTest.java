package io.unsealfs.volume.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices made here: what they hold is found, or named. */
class ImageContentTest {
  private static final int SIZE = 1 << 20;

  private final ByteBuffer device = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);

  private Source source(int size) {
    byte[] bytes = device.array();
    return new Source() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public int read(long offset, ByteBuffer dst) {
        int length = (int) Math.min(dst.remaining(), Math.max(0, size - offset));
        if (length > 0) {
          dst.put(bytes, (int) offset, length);
        }
        return length;
      }

      @Override
      public void close() {}
    };
  }

  private Source find(OptionalInt partition) throws IOException {
    return ImageContent.find(source(SIZE), partition, "unlocked");
  }

  private String refusal(OptionalInt partition) {
    return String.valueOf(
        assertThrows(VolumeFormatException.class, () -> find(partition)).getMessage());
  }

  private void ext(int at) {
    device.putShort(at + 0x438, (short) 0xef53);
  }

  private void text(int at, String text) {
    device.put(at, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void mbr(int at, int entry, int type, int start, int count) {
    int place = at + 446 + 16 * entry;
    device.put(place + 4, (byte) type).putInt(place + 8, start).putInt(place + 12, count);
    device.putShort(at + 510, (short) 0xaa55);
  }

  private void gpt(int sectorSize, int[][] partitions) {
    mbr(0, 0, 0xee, 1, -1);
    int entries = 2 * sectorSize;
    for (int i = 0; i < partitions.length; i++) {
      int at = entries + 128 * i;
      if (partitions[i].length > 0) {
        device.putLong(at, 0x4711).putLong(at + 32, partitions[i][0]);
        device.putLong(at + 40, partitions[i][1]);
      }
    }
    device.putLong(sectorSize, 0x5452415020494645L).putInt(sectorSize + 12, 92);
    device.putLong(sectorSize + 72, 2).putInt(sectorSize + 80, 8).putInt(sectorSize + 84, 128);
    device.putInt(sectorSize + 88, crc(entries, 8 * 128)).putInt(sectorSize + 16, 0);
    device.putInt(sectorSize + 16, crc(sectorSize, 92));
  }

  private int crc(int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(device.array(), from, length);
    return (int) crc.getValue();
  }

  @Test
  void a_file_system_without_partitions_is_found() throws IOException {
    ext(0);
    assertEquals(SIZE, find(OptionalInt.empty()).size());
    assertTrue(refusal(OptionalInt.of(1)).contains("no partition table"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, XFSB, xfs", "0, hsqs, squashfs", "65600, _BHRfS_M, btrfs", "4086, SWAPSPACE2, swap",
    "536, LVM2 001, LVM2", "3, 'NTFS    ', ntfs", "82, 'FAT32   ', vfat", "54, FAT16, vfat",
    "32769, CD001, iso9660"
  })
  void another_file_system_is_named(int at, String magic, String name) {
    text(at, magic);
    String said = refusal(OptionalInt.empty());
    assertTrue(
        said.startsWith("unlocked; file system is " + name)
            && said.endsWith("which is not supported; use --raw for the decrypted image"),
        said);
  }

  @Test
  void file_systems_with_binary_magic_numbers_are_named_too() {
    device.putInt(1024, 0xe0f5e1e2);
    assertTrue(refusal(OptionalInt.empty()).contains("erofs"));
    device.putInt(1024, 0xf2f52010);
    assertTrue(refusal(OptionalInt.empty()).contains("f2fs"));
    device.putInt(1024, 0);
    text(0, "LUKS\u00ba\u00be");
    assertTrue(refusal(OptionalInt.empty()).contains("LUKS"));
  }

  @Test
  void an_unknown_device_has_an_error_of_its_own() {
    String said = refusal(OptionalInt.empty());
    assertTrue(said.startsWith("unlocked, but no known file system"), said);
    device.putShort(510, (short) 0xaa55);
    assertTrue(refusal(OptionalInt.empty()).contains("no known file system"));
  }

  @Test
  void a_device_of_a_few_bytes_is_no_exception() throws IOException {
    for (int size : new int[] {0, 1, 511, 512, 1080, 2048}) {
      assertThrows(
          VolumeFormatException.class,
          () -> ImageContent.find(source(size), OptionalInt.empty(), "unlocked"));
    }
  }

  @Test
  void the_only_readable_partition_is_found() throws IOException {
    mbr(0, 0, 0x83, 8, 16);
    mbr(0, 1, 0x82, 100, 200);
    mbr(0, 2, 0x83, 400, 600);
    text(8 * 512, "XFSB");
    ext(400 * 512);
    device.putInt(400 * 512 + 2000, 0x1234);
    try (Source found = find(OptionalInt.empty())) {
      assertEquals(600 * 512, found.size());
      ByteBuffer read = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(4, found.read(2000, read));
      assertEquals(0x1234, read.getInt(0));
      assertEquals(3, found.read(600 * 512 - 3, ByteBuffer.allocate(10)));
      assertEquals(0, found.read(600 * 512, ByteBuffer.allocate(10)));
    }
    assertEquals(600 * 512, find(OptionalInt.of(3)).size());
    assertTrue(refusal(OptionalInt.of(1)).contains("content of partition 1 is xfs"));
    assertTrue(refusal(OptionalInt.of(4)).contains("only 1, 2, 3"));
  }

  @Test
  void several_readable_partitions_have_to_be_chosen_from() throws IOException {
    mbr(0, 0, 0x83, 8, 16);
    mbr(0, 3, 0x83, 400, 600);
    ext(8 * 512);
    ext(400 * 512);
    assertTrue(refusal(OptionalInt.empty()).contains("--partition (1, 4)"));
    assertEquals(16 * 512, find(OptionalInt.of(1)).size());
  }

  @Test
  void no_readable_partition_is_told_with_what_there_is() {
    mbr(0, 0, 0x83, 8, 16);
    mbr(0, 1, 0x83, 100, 200);
    text(8 * 512, "XFSB");
    String said = refusal(OptionalInt.empty());
    assertTrue(said.contains("1: xfs, 2: unknown") && said.contains("--raw"), said);
  }

  @Test
  void logical_partitions_count_from_five() throws IOException {
    mbr(0, 0, 0x5, 100, 1000);
    mbr(100 * 512, 0, 0x83, 10, 20);
    mbr(100 * 512, 1, 0x5, 200, 100);
    mbr(300 * 512, 0, 0x83, 10, 30);
    List<Partition> found = ImageContent.partitions(source(SIZE));
    assertEquals(
        List.of(new Partition(5, 110 * 512, 20 * 512), new Partition(6, 310 * 512, 30 * 512)),
        found);
  }

  @Test
  void a_chain_of_logical_partitions_that_never_ends_is_refused() {
    mbr(0, 0, 0x5, 100, 1000);
    mbr(100 * 512, 0, 0x83, 10, 20);
    mbr(100 * 512, 1, 0x5, 0, 100);
    assertTrue(refusal(OptionalInt.empty()).contains("128"));
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void a_gpt_is_read_with_either_sector_size(int sectorSize) throws IOException {
    gpt(sectorSize, new int[][] {{20, 29}, {}, {40, 99}});
    assertEquals(
        List.of(
            new Partition(1, 20L * sectorSize, 10L * sectorSize),
            new Partition(3, 40L * sectorSize, 60L * sectorSize)),
        ImageContent.partitions(source(SIZE)));
    ext(40 * sectorSize);
    assertEquals(60L * sectorSize, find(OptionalInt.empty()).size());
  }

  @Test
  void a_damaged_table_is_refused() {
    gpt(512, new int[][] {{20, 29}});
    device.put(1024 + 100, (byte) 1);
    assertTrue(refusal(OptionalInt.empty()).contains("checksum"));
    gpt(512, new int[][] {{20, 1 << 20}});
    assertTrue(refusal(OptionalInt.empty()).contains("outside"));
    gpt(512, new int[][] {{29, 20}});
    assertTrue(refusal(OptionalInt.empty()).contains("length"));
    device.putInt(512 + 80, Integer.MAX_VALUE);
    device.putInt(512 + 16, 0);
    device.putInt(512 + 16, crc(512, 92));
    assertTrue(refusal(OptionalInt.empty()).contains("entries"));
    device.put(0, new byte[4096]);
    mbr(0, 0, 0x83, 8, Integer.MAX_VALUE);
    assertTrue(refusal(OptionalInt.empty()).contains("outside"));
  }

  @Test
  void whatever_a_table_says_ends_in_a_refusal_or_a_slice_of_the_device() throws IOException {
    for (int i = 0; i < 20_000; i++) {
      SplittableRandom random = new SplittableRandom(i);
      device.clear().put(new byte[8192]).clear();
      if (i % 2 == 0) {
        gpt(512, new int[][] {{20, 29}, {40, 99}});
      } else {
        mbr(0, 0, 0x5, 2, 1000);
        mbr(0, 1, 0x83, 20, 1000);
        mbr(1024, 0, 0x83, 10, 20);
        mbr(1024, 1, 0x5, 4, 20);
        mbr(3072, 0, 0x83, 10, 20);
      }
      for (int edit = 0; edit < 3; edit++) {
        device.put(random.nextInt(4096), (byte) random.nextInt(256));
      }
      if (i % 4 == 0) {
        device.putInt(512 + 88, crc(1024, 8 * 128)).putInt(512 + 16, 0);
        device.putInt(512 + 16, crc(512, 92));
      }
      try {
        for (Partition partition : ImageContent.partitions(source(SIZE))) {
          assertTrue(
              partition.offset() > 0
                  && partition.length() > 0
                  && partition.offset() + partition.length() <= SIZE);
        }
      } catch (VolumeFormatException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("--raw"));
      }
    }
  }
}
