package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that were forged with care: every checksum is right. */
class HostileImageTest {
  private final byte[] image = Image.vector("ext4-1k");
  private final Repairer forge = new Repairer(image);

  HostileImageTest() throws IOException {}

  private long inodeOf(String path) throws IOException {
    try (Volume volume = Image.open(image.clone())) {
      return Image.find(volume.tree(), path).attributes().fileId();
    }
  }

  /** Where the first block of a file that has its extents in its inode lies in the image. */
  private int firstBlockAt(long inode) {
    return forge.get32(forge.inodeAt(inode) + 0x28 + 12 + 8) * forge.superblock().blockSize();
  }

  private String refusal() {
    return String.valueOf(
        assertThrows(VolumeFormatException.class, () -> Image.open(image).close()).getMessage());
  }

  private interface Use {
    void of(FileTree tree) throws IOException;
  }

  private void damaged(String problem, Use use) throws IOException {
    try (Volume volume = Image.open(image)) {
      IntegrityException e = assertThrows(IntegrityException.class, () -> use.of(volume.tree()));
      assertTrue(e.problem().contains(problem), e.problem());
      // one bad file never takes the others with it
      assertEquals(
          333, Image.content(volume.tree(), Image.find(volume.tree(), "README.txt")).length);
      List<Finding> findings = new ArrayList<>();
      volume.check(findings::add, bytes -> {});
      assertFalse(findings.isEmpty(), "check finds nothing");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x18, 7, block size",
    "0x28, 0, inodes per group",
    "0x28, 8193, inodes per group",
    "0x20, 0, blocks per group",
    "0x20, 8193, blocks per group",
    "0x4, 0, blocks",
    "0x4, 12289, cut off",
    "0x150, 0x7fffffff, blocks",
    "0x150, 1, cut off",
    "0x0, 7, first inode",
    "0x0, 100000, inodes",
    "0x14, 0, first data block",
    "0x54, 3, first inode",
    "0x60, 0x3c6, encrypt"
  })
  void absurd_superblocks_are_refused_by_name(String at, String value, String problem) {
    int field = Superblock.OFFSET + Integer.decode(at);
    forge.set32(
        field, problem.equals("encrypt") ? forge.get32(field) | 0x10000 : Long.decode(value));
    forge.repairSuperblock();
    String said = refusal();
    assertTrue(said.contains(problem), said);
  }

  @ParameterizedTest
  @CsvSource({
    "0x1, compression",
    "0x8, journal_dev",
    "0x1000, dirdata",
    "0x20000, casefold",
    "0x40000000, unknown-0x40000000"
  })
  void a_feature_that_is_not_known_is_refused_by_name(String bit, String name) {
    int at = Superblock.OFFSET + 0x60;
    forge.set32(at, forge.get32(at) | Integer.decode(bit));
    forge.repairSuperblock();
    String said = refusal();
    assertTrue(said.contains(name), said);
  }

  @Test
  void a_superblock_with_a_wrong_checksum_is_refused() {
    forge.set8(Superblock.OFFSET + 0x78, 'X');
    String said = refusal();
    assertTrue(said.contains("checksum") && said.contains("e2fsck"), said);
  }

  @Test
  void recovery_without_a_journal_is_refused() {
    int at = Superblock.OFFSET + 0x60;
    forge.set32(at, forge.get32(at) | 4);
    forge.set32(Superblock.OFFSET + 0x5c, forge.get32(Superblock.OFFSET + 0x5c) & ~4);
    forge.repairSuperblock();
    String said = refusal();
    assertTrue(said.contains("journal"), said);
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "12288", "0xffffffff"})
  void an_inode_table_outside_of_the_file_system_is_refused_at_mount(String block) {
    forge.set32(forge.descriptorAt(0) + 8, Long.decode(block));
    forge.repairDescriptor(0);
    String said = refusal();
    assertTrue(said.contains("inode table"), said);
  }

  @Test
  void a_damaged_descriptor_or_root_is_refused_at_mount() {
    forge.set8(forge.descriptorAt(0) + 0x10, 1);
    assertTrue(refusal().contains("descriptor"));
    forge.repairDescriptor(0);
    forge.set16(forge.inodeAt(2), 0100644);
    assertTrue(refusal().contains("checksum"));
    forge.repairInode(2);
    assertTrue(refusal().contains("root is no directory"));
  }

  @Test
  void a_changed_inode_is_damaged_and_its_neighbours_are_not() throws IOException {
    long inode = inodeOf("hard/a");
    forge.set16(forge.inodeAt(inode) + 2, 4711);
    damaged("checksum", tree -> Image.find(tree, "hard/a"));
  }

  @ParameterizedTest
  @CsvSource({
    "0x0, 0, not in use",
    "0x1a, 0, not in use",
    "0x14, 99, not in use",
    "0x0, 0xf1a4, unknown type",
    "0x80, 0x7c0, extra size",
    "0x80, 33, extra size",
    "0x20, 0x80800, encrypted"
  })
  void an_inode_that_makes_no_sense_is_damaged(String at, String value, String problem)
      throws IOException {
    long inode = inodeOf("hard/a");
    int field = forge.inodeAt(inode) + Integer.decode(at);
    if (problem.equals("encrypted")) {
      forge.set32(field, Integer.decode(value));
    } else {
      forge.set16(field, Integer.decode(value));
    }
    forge.repairInode(inode);
    damaged(problem, tree -> Image.find(tree, "hard/a"));
  }

  private void changedExtents(String path, Consumer<Integer> change, String problem)
      throws IOException {
    long inode = inodeOf(path);
    change.accept(forge.inodeAt(inode) + 0x28);
    forge.repairInode(inode);
    damaged(problem, tree -> Image.content(tree, Image.find(tree, path)));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0xf30b, magic number",
    "2, 5, entries",
    "4, 5, entries",
    "6, 6, depth",
    "16, 0, length",
    "16, 32768, outside",
    "18, 1, outside"
  })
  void a_root_of_extents_that_makes_no_sense_is_damaged(int at, String value, String problem)
      throws IOException {
    changedExtents("seq-200k", map -> forge.set16(map + at, Integer.decode(value)), problem);
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "12288", "0xfffffff0"})
  void an_extent_outside_of_the_file_system_is_damaged(String block) throws IOException {
    changedExtents("seq-200k", map -> forge.set32(map + 20, Long.decode(block)), "outside");
  }

  @Test
  void extents_that_overlap_are_damaged() throws IOException {
    changedExtents("sparse-mid", map -> forge.set32(map + 24, forge.get32(map + 12)), "overlap");
  }

  @Test
  void an_extent_tree_that_contains_itself_is_damaged() throws IOException {
    long inode = inodeOf("frag-420");
    int map = forge.inodeAt(inode) + 0x28;
    assertTrue(LittleEndian.u16(image, map + 6) > 0, "has an index");
    int child = forge.get32(map + 12 + 4);
    int at = child * forge.superblock().blockSize();
    // the child becomes an index over itself, of the depth its parent expects or of its own
    for (int depth = 0; depth <= 5; depth++) {
      forge.set16(at + 2, 1);
      forge.set16(at + 6, depth);
      forge.set32(at + 12, 0);
      forge.set32(at + 16, child);
      forge.set16(at + 20, 0);
      forge.repairExtentBlock(inode, at);
      for (int rootDepth = 1; rootDepth <= 5; rootDepth++) {
        forge.set16(map + 6, rootDepth);
        forge.repairInode(inode);
        try (Volume volume = Image.open(image)) {
          Node file = Image.find(volume.tree(), "frag-420");
          if (depth > 0) {
            assertThrows(
                IntegrityException.class, () -> Image.content(volume.tree(), file), "depth");
          }
        }
      }
    }
  }

  @Test
  void a_size_beyond_the_reach_of_extents_is_damaged() throws IOException {
    long inode = inodeOf("hard/a");
    forge.set32(forge.inodeAt(inode) + 0x6c, 0x7fffffff);
    forge.repairInode(inode);
    damaged("can reach", tree -> tree.open(Image.find(tree, "hard/a")).close());
    forge.set32(forge.inodeAt(inode) + 0x6c, -1);
    forge.repairInode(inode);
    damaged("claims a size", tree -> Image.find(tree, "hard/a"));
  }

  @Test
  void a_huge_hole_costs_nothing() throws IOException {
    long inode = inodeOf("sparse-all");
    forge.set32(forge.inodeAt(inode) + 0x4, 0);
    forge.set32(forge.inodeAt(inode) + 0x6c, 0x400); // 4 TiB
    forge.repairInode(inode);
    try (Volume volume = Image.open(image)) {
      Node file = Image.find(volume.tree(), "sparse-all");
      assertEquals(1L << 42, file.attributes().size());
      List<Finding> findings = new ArrayList<>();
      volume.check(findings::add, bytes -> {});
      assertEquals(List.of(), findings);
    }
  }

  private void directoryEntry(String directory, int at, Consumer<Integer> change, String problem)
      throws IOException {
    long inode = inodeOf(directory);
    int block = firstBlockAt(inode);
    change.accept(block + at);
    forge.repairDirectoryBlock(inode, block);
    damaged(problem, tree -> tree.list(Image.find(tree, directory)));
  }

  // the third entry of a directory begins at byte 24

  @Test
  void an_entry_of_impossible_length_is_damage_of_the_directory() throws IOException {
    for (int length : new int[] {0, 4, 8, 13, 1008, 0xfffc}) {
      directoryEntry("hard", 24 + 4, at -> forge.set16(at, length), "length");
    }
  }

  @Test
  void an_impossible_name_is_damage_of_the_directory() throws IOException {
    directoryEntry("hard", 24 + 8, at -> forge.set8(at, '/'), "slash");
    directoryEntry("hard", 24 + 8, at -> forge.set8(at, 0), "zero byte");
    directoryEntry("hard", 24 + 6, at -> forge.set8(at, 0), "name of 0");
  }

  @Test
  void two_entries_of_one_name_are_damage_of_the_directory() throws IOException {
    directoryEntry("hard", 24 + 8, at -> forge.set8(at, 'b'), "one name");
  }

  @Test
  void an_entry_for_a_reserved_or_absent_inode_is_damage_of_the_directory() throws IOException {
    for (long inode : new long[] {1, 2, 8, 10, 100_000, 0xffffffffL}) {
      directoryEntry("hard", 24, at -> forge.set32(at, inode), "no name may have");
    }
  }

  @Test
  void a_directory_below_itself_is_damaged() throws IOException {
    long deep = inodeOf("deep");
    long bottom = inodeOf("deep/level00/level01");
    int block = firstBlockAt(bottom);
    forge.set32(block + 24, deep);
    forge.repairDirectoryBlock(bottom, block);
    damaged("below itself", tree -> Image.find(tree, "deep/level00/level01/level02"));
  }

  @Test
  void a_directory_with_a_second_parent_is_damaged() throws IOException {
    long other = inodeOf("deep/level00");
    long hard = inodeOf("hard");
    int block = firstBlockAt(hard);
    forge.set32(block + 24, other);
    forge.repairDirectoryBlock(hard, block);
    try (Volume volume = Image.open(image)) {
      FileTree tree = volume.tree();
      Node moved = Image.find(tree, "hard/a");
      assertThrows(IntegrityException.class, () -> tree.list(moved));
      assertThrows(IntegrityException.class, () -> tree.lookup(moved, Name.of("level01")));
      List<Finding> findings = new ArrayList<>();
      volume.check(findings::add, bytes -> {});
      assertEquals(1, findings.size(), findings::toString);
    }
  }

  @Test
  void a_directory_of_absurd_size_is_damaged() throws IOException {
    long inode = inodeOf("hard");
    for (long size : new long[] {0, 1, 1023, 2048, 0xfffffc00L}) {
      forge.set32(forge.inodeAt(inode) + 4, size);
      forge.repairInode(inode);
      damaged("directory", tree -> tree.list(Image.find(tree, "hard")));
    }
  }

  @Test
  void a_target_of_absurd_size_is_damaged() throws IOException {
    long inode = inodeOf("links/slow-60");
    for (long size : new long[] {0, 4096, 0xffffffffL}) {
      forge.set32(forge.inodeAt(inode) + 4, size);
      forge.repairInode(inode);
      damaged("target", tree -> tree.readLink(Image.find(tree, "links/slow-60")));
    }
  }

  @Test
  void attributes_that_run_over_their_region_are_damaged() throws IOException {
    long inode = inodeOf("xattr/many");
    long block = Integer.toUnsignedLong(forge.get32(forge.inodeAt(inode) + 0x68));
    assertTrue(block != 0, "has a block of attributes");
    int at = (int) block * forge.superblock().blockSize();
    byte[] before = image.clone();
    int[][] changes = {{32, 255}, {34, 0xff}, {35, 0xff}, {41, 0xff}, {43, 0x7f}, {0, 1}, {8, 2}};
    for (int[] change : changes) {
      System.arraycopy(before, 0, image, 0, image.length);
      forge.set8(at + change[0], change[1]);
      forge.repairAttributeBlock(block);
      damaged(
          "attribute",
          tree -> {
            Node node = Image.find(tree, "xattr/many");
            for (Name name : tree.listXattrs(node)) {
              tree.xattr(node, name);
            }
          });
    }
  }

  @Test
  void files_that_share_blocks_are_read_only_so_often() throws IOException {
    // a thousand files that all claim the same extent of 8 MiB
    long first = inodeOf("seq-200k");
    int map = forge.inodeAt(first) + 0x28;
    forge.set16(map + 2, 1);
    forge.set16(map + 12 + 4, 8192);
    forge.set32(map + 12 + 8, 2048);
    for (long inode = 20; inode < forge.superblock().inodes(); inode++) {
      int at = forge.inodeAt(inode);
      if (LittleEndian.u16(image, at) >> 12 == 8) {
        System.arraycopy(image, map, image, at + 0x28, 60);
        forge.set32(at + 4, 8 << 20);
        forge.set32(at + 0x6c, 0);
        forge.set32(at + 0x20, 0x80000);
        forge.repairInode(inode);
      }
    }
    try (Volume volume = Image.open(image)) {
      List<Finding> findings = new ArrayList<>();
      Volume.CheckSummary summary = volume.check(findings::add, bytes -> {});
      assertTrue(summary.plaintextBytes() <= image.length);
      assertTrue(findings.size() > 100);
    }
  }
}
