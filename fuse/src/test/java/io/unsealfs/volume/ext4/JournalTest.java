package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.FileTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Journals: the one of a shared image, and others made here block by block. */
class JournalTest {

  @Test
  void a_file_system_that_needs_recovery_is_refused_when_told_to() throws IOException {
    byte[] image = Image.vector("ext4-dirty");
    VolumeFormatException e =
        assertThrows(
            VolumeFormatException.class,
            () -> Image.open(new MemoryDevice(image), JournalMode.REFUSE));
    assertTrue(String.valueOf(e.getMessage()).contains("e2fsck -p"), e.getMessage());
  }

  @Test
  void ignoring_the_journal_shows_another_tree_and_warns() throws IOException {
    byte[] image = Image.vector("ext4-dirty");
    List<String> warnings = new ArrayList<>();
    int ignored;
    try (Volume volume =
        Ext4FileSystem.open(
            new MemoryDevice(image),
            new Ext4Options(JournalMode.IGNORE),
            Image.context(warnings::add))) {
      ignored = Image.walk(volume.tree(), 1024);
    }
    assertTrue(warnings.getFirst().contains("ignored"), warnings::toString);
    try (Volume volume = Image.open(image)) {
      assertTrue(Image.walk(volume.tree(), 1024) > ignored);
    }
  }

  @Test
  void the_device_is_never_changed() throws IOException {
    byte[] image = Image.vector("ext4-dirty");
    byte[] before = image.clone();
    try (Volume volume = Image.open(image)) {
      Image.walk(volume.tree(), 1024);
    }
    assertTrue(Arrays.equals(before, image));
  }

  /** The forms a journal can have. */
  enum Form {
    PLAIN(0),
    WIDE(2),
    V2(8),
    V2_WIDE(10),
    V3(0x10),
    V3_WIDE(0x12);

    final int incompat;

    Form(int incompat) {
      this.incompat = incompat;
    }
  }

  /** An image whose journal is written here. Targets are blocks of a file's content. */
  private static final class Made {
    final byte[] image = Image.vector("ext3-4k");
    final Repairer forge = new Repairer(image);
    final int blockSize = forge.superblock().blockSize();
    final Form form;
    final long target;
    private final BlockMap journal;
    private final Checksum.Seed seed;
    final long maxBlocks;
    long at;
    int sequence = 100;

    Made(Form form, long firstBlock) throws IOException {
      this.form = form;
      Superblock superblock = forge.superblock();
      OpenedFileSystem fs =
          OpenedFileSystem.of(new MemoryDevice(image), superblock, JournalOverlay.NONE);
      Inode inode = fs.inodes().read(superblock.journalInode());
      journal = fs.contents().map(inode);
      maxBlocks = inode.size() / blockSize;
      try (Volume volume = Image.open(image)) {
        long file = Image.find(volume.tree(), "seq-200k").attributes().fileId();
        BlockMap.Run run = new BlockMap.Run();
        fs.contents().map(fs.inodes().read(file)).find(0, 12, run);
        target = run.physical;
      }
      byte[] uuid = new byte[16];
      seed = Checksum.Seed.ofState(new Checksum().bytes(uuid, 0, 16).state());
      byte[] headerBytes = new byte[blockSize];
      ByteBuffer header = ByteBuffer.wrap(headerBytes);
      header.putInt(Journal.MAGIC).putInt(4).putInt(0).putInt(blockSize).putInt((int) maxBlocks);
      header.putInt(1).putInt(sequence).putInt((int) firstBlock);
      header.putInt(0x28, form.incompat | 1);
      header.put(0x50, (byte) 4);
      header.putInt(0xfc, new Checksum().bytes(headerBytes, 0, 1024).state());
      put(0, headerBytes);
      int features = Superblock.OFFSET + 0x60;
      forge.set32(features, forge.get32(features) | Features.RECOVER);
      at = firstBlock;
    }

    private boolean sums() {
      return (form.incompat & 0x18) != 0;
    }

    private int physical(long logical) throws IOException {
      BlockMap.Run run = new BlockMap.Run();
      journal.find(logical, 1, run);
      return (int) run.physical * blockSize;
    }

    void put(long logical, byte[] block) throws IOException {
      System.arraycopy(block, 0, image, physical(logical), blockSize);
    }

    private void next(byte[] block) throws IOException {
      put(at, block);
      at = at + 1 == maxBlocks ? 1 : at + 1;
    }

    private ByteBuffer begin(byte[] block, int type) {
      return ByteBuffer.wrap(block).putInt(Journal.MAGIC).putInt(type).putInt(sequence);
    }

    private void tail(byte[] block) {
      if (sums()) {
        int sum = Checksum.from(seed).bytes(block, 0, blockSize).state();
        ByteBuffer.wrap(block).putInt(blockSize - 4, sum);
      }
    }

    /** A descriptor block and its blocks; each is filled with one byte. */
    void blocks(long[] targets, byte[] fills, boolean escaped) throws IOException {
      byte[] bytes = new byte[blockSize];
      ByteBuffer block = begin(bytes, 1);
      List<byte[]> data = new ArrayList<>();
      for (int i = 0; i < targets.length; i++) {
        byte[] content = new byte[blockSize];
        Arrays.fill(content, fills[i]);
        if (escaped) {
          Arrays.fill(content, 0, 4, (byte) 0);
        }
        data.add(content);
        int flags = (escaped ? 1 : 0) | (i > 0 ? 2 : 0) | (i == targets.length - 1 ? 8 : 0);
        int sum =
            Checksum.from(seed)
                .int32(Integer.reverseBytes(sequence))
                .bytes(content, 0, blockSize)
                .state();
        if ((form.incompat & 0x10) != 0) {
          block.putInt((int) targets[i]).putInt(flags).putInt(0).putInt(sum);
        } else {
          block.putInt((int) targets[i]).putShort((short) sum).putShort((short) flags);
          if ((form.incompat & 2) != 0) {
            block.putInt(0);
          }
          if ((form.incompat & 8) != 0) {
            block.putShort((short) 0);
          }
        }
        if (i == 0) {
          block.put(new byte[16]);
        }
      }
      tail(bytes);
      next(bytes);
      for (byte[] content : data) {
        next(content);
      }
    }

    void revoke(long... targets) throws IOException {
      byte[] bytes = new byte[blockSize];
      ByteBuffer block = begin(bytes, 5);
      boolean wide = (form.incompat & 2) != 0;
      block.putInt(16 + targets.length * (wide ? 8 : 4));
      for (long each : targets) {
        if (wide) {
          block.putLong(each);
        } else {
          block.putInt((int) each);
        }
      }
      tail(bytes);
      next(bytes);
    }

    void commit() throws IOException {
      byte[] bytes = new byte[blockSize];
      ByteBuffer block = begin(bytes, 2);
      if (sums()) {
        block.putInt(0x10, Checksum.from(seed).bytes(bytes, 0, blockSize).state());
      }
      next(bytes);
      sequence++;
    }

    /** The first bytes of each of the first blocks of the file, as the journal leaves them. */
    byte[] shown(int count) throws IOException {
      try (Volume volume = Image.open(image)) {
        FileTree tree = volume.tree();
        byte[] content = Image.content(tree, Image.find(tree, "seq-200k"));
        byte[] firsts = new byte[count];
        for (int i = 0; i < count; i++) {
          firsts[i] = content[i * blockSize + 8];
        }
        return firsts;
      }
    }

    byte stored(int block) {
      return image[(int) (target + block) * blockSize + 8];
    }
  }

  @ParameterizedTest
  @EnumSource
  void each_form_is_replayed(Form form) throws IOException {
    Made made = new Made(form, 1);
    made.blocks(new long[] {made.target, made.target + 1}, new byte[] {1, 2}, false);
    made.commit();
    made.blocks(new long[] {made.target + 1, made.target + 2}, new byte[] {3, 4}, false);
    made.commit();
    assertEquals(Arrays.toString(new byte[] {1, 3, 4}), Arrays.toString(made.shown(3)));
  }

  @ParameterizedTest
  @EnumSource
  void a_revoked_block_is_not_replayed_unless_it_was_written_later(Form form) throws IOException {
    Made made = new Made(form, 1);
    made.blocks(new long[] {made.target, made.target + 1}, new byte[] {1, 2}, false);
    made.commit();
    made.revoke(made.target, made.target + 1);
    made.commit();
    made.blocks(new long[] {made.target + 1}, new byte[] {5}, false);
    made.commit();
    assertEquals(Arrays.toString(new byte[] {made.stored(0), 5}), Arrays.toString(made.shown(2)));
  }

  @ParameterizedTest
  @EnumSource
  void the_log_goes_on_at_its_beginning(Form form) throws IOException {
    long last = new Made(form, 1).maxBlocks - 2;
    Made made = new Made(form, last);
    made.blocks(
        new long[] {made.target, made.target + 1, made.target + 2}, new byte[] {1, 2, 3}, false);
    made.commit();
    made.blocks(new long[] {made.target}, new byte[] {9}, false);
    made.commit();
    assertEquals(Arrays.toString(new byte[] {9, 2, 3}), Arrays.toString(made.shown(3)));
  }

  @ParameterizedTest
  @EnumSource
  void a_transaction_without_its_commit_does_not_count(Form form) throws IOException {
    Made made = new Made(form, 1);
    made.blocks(new long[] {made.target}, new byte[] {1}, false);
    made.commit();
    made.blocks(new long[] {made.target, made.target + 1}, new byte[] {2, 3}, false);
    assertEquals(Arrays.toString(new byte[] {1, made.stored(1)}), Arrays.toString(made.shown(2)));
  }

  @Test
  void an_escaped_block_gets_its_magic_number_back() throws IOException {
    Made made = new Made(Form.V3, 1);
    made.blocks(new long[] {made.target}, new byte[] {7}, true);
    made.commit();
    try (Volume volume = Image.open(made.image)) {
      FileTree tree = volume.tree();
      byte[] content = Image.content(tree, Image.find(tree, "seq-200k"));
      assertEquals(Journal.MAGIC, ByteBuffer.wrap(content).getInt(0));
      assertEquals(7, content[4]);
      ByteBuffer middle = ByteBuffer.allocate(4);
      try (var source = tree.open(Image.find(tree, "seq-200k"))) {
        source.read(2, middle);
      }
      assertEquals(0x39980707, middle.getInt(0));
    }
  }

  @Test
  void a_block_with_a_wrong_checksum_cannot_be_replayed() throws IOException {
    Made made = new Made(Form.V3, 1);
    made.blocks(new long[] {made.target}, new byte[] {1}, false);
    made.commit();
    made.image[made.physical(2) + 100] ^= 1;
    refused(made, "checksum");
  }

  @Test
  void a_commit_or_descriptor_with_a_wrong_checksum_ends_the_log() throws IOException {
    for (int bad : new int[] {1, 3}) {
      Made made = new Made(Form.V3, 1);
      made.blocks(new long[] {made.target}, new byte[] {1}, false);
      made.commit();
      made.image[made.physical(bad) + 200] ^= 1;
      assertEquals(made.stored(0), made.shown(1)[0]);
    }
  }

  @Test
  void a_block_outside_of_the_file_system_cannot_be_replayed() throws IOException {
    Made made = new Made(Form.PLAIN, 1);
    made.blocks(new long[] {0x7fffffff}, new byte[] {1}, false);
    made.commit();
    refused(made, "outside");
  }

  @Test
  void fast_commits_that_would_count_cannot_be_replayed() throws IOException {
    Made made = new Made(Form.PLAIN, 1);
    made.blocks(new long[] {made.target}, new byte[] {1}, false);
    made.commit();
    ByteBuffer header = ByteBuffer.wrap(made.image, made.physical(0), 1024).slice();
    header.putInt(0x28, 0x21).putInt(0x54, 16);
    assertEquals(1, made.shown(1)[0], "none there");
    int head = made.physical(made.maxBlocks - 16);
    made.forge.set16(head, 9);
    made.forge.set16(head + 2, 8);
    made.forge.set32(head + 8, made.sequence);
    refused(made, "fast commits");
    made.forge.set32(head + 8, made.sequence - 1);
    assertEquals(1, made.shown(1)[0], "old ones");
  }

  @Test
  void a_journal_that_makes_no_sense_cannot_be_replayed() throws IOException {
    int[][] changes = {
      {0, 7},
      {4, 9},
      {0xc, 1024},
      {0x10, 0x7fffffff},
      {0x10, 0},
      {0x14, 0},
      {0x1c, 0x7fffffff},
      {0x28, 0x40}
    };
    for (int[] change : changes) {
      Made made = new Made(Form.PLAIN, 1);
      ByteBuffer.wrap(made.image, made.physical(0), 1024).slice().putInt(change[0], change[1]);
      refused(made, "journal cannot be replayed");
    }
  }

  private static void refused(Made made, String problem) {
    VolumeFormatException e =
        assertThrows(VolumeFormatException.class, () -> Image.open(made.image).close());
    String said = String.valueOf(e.getMessage());
    assertTrue(said.contains(problem) && said.contains("--ext4-journal=ignore"), said);
  }
}
