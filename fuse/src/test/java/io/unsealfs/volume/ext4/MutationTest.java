package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Metadata that was changed at random, with and without its checksums made right, and images cut
 * off anywhere: nothing but a typed refusal or a tree comes out, soon and in little memory.
 */
class MutationTest {
  private static final long SEED = Long.getLong("unsealfs.ext4.seed", 1);
  private static final int MUTATIONS = Integer.getInteger("unsealfs.ext4.mutations", 10_000);

  /** Processor time of one mutation: a busy machine does not change it. It takes milliseconds. */
  private static final Duration MOST_WORK = Duration.ofSeconds(2);

  /** For what waits without working, on a machine that is busy with other things. */
  private static final Duration HANG = Duration.ofSeconds(60);

  private static final long ALLOCATION_LIMIT = 256L << 20;
  private static final int CONTENT = 8 << 10;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * The images, and how the mutations are spread over them: they are small, walking them is fast.
   */
  private static final List<String> IMAGES =
      List.of("ext2-rev0", "ext2-4k-nofiletype", "ext4-metabg", "ext4-dirty");

  @SuppressWarnings("ArrayRecordComponent") // nobody compares subjects
  private record Subject(byte[] image, List<int[]> metadata, List<Long> inodes, Repairer repairer) {
    static Subject of(String name) throws IOException {
      byte[] image = Image.vector(name);
      Repairer repairer = new Repairer(image);
      List<Long> inodes = new ArrayList<>();
      List<int[]> places = new ArrayList<>();
      places.add(new int[] {Superblock.OFFSET, 0x280});
      boolean simple = !name.equals("ext4-metabg");
      Superblock superblock = repairer.superblock();
      places.add(new int[] {repairer.descriptorAt(0), superblock.descriptorSize()});
      for (long number = 2; simple && number < superblock.inodes(); number++) {
        int at = repairer.inodeAt(number);
        if (LittleEndian.u16(image, at) != 0) {
          inodes.add(number);
          places.add(new int[] {at, superblock.inodeSize()});
        }
      }
      // anything else that is not zero: directories, trees, lists, the journal
      for (int at = 0; at < image.length; at += 1024) {
        if (image[at] != 0 || image[at + 6] != 0) {
          places.add(new int[] {at, 1024});
        }
      }
      return new Subject(image, places, inodes, repairer);
    }
  }

  @Test
  void ten_thousand_mutations_end_in_a_refusal_or_a_tree() throws Exception {
    int refused = 0;
    int shown = 0;
    for (String name : IMAGES) {
      Subject subject = Subject.of(name);
      for (int i = 0; i < MUTATIONS / IMAGES.size(); i++) {
        SplittableRandom random = new SplittableRandom(SEED * 1_000_003 + i);
        if (mutated(name, i, subject, random)) {
          shown++;
        } else {
          refused++;
        }
      }
    }
    // mutations that all fail, or none, would test nothing
    assertTrue(refused > 100 && shown > 1000, refused + " refused, " + shown + " shown");
  }

  private static boolean mutated(String name, int i, Subject subject, SplittableRandom random)
      throws Exception {
    byte[] image = subject.image();
    Deque<Runnable> undo = new ArrayDeque<>();
    List<Integer> changed = new ArrayList<>();
    int edits = 1 + random.nextInt(4);
    for (int edit = 0; edit < edits; edit++) {
      int[] place = subject.metadata().get(random.nextInt(subject.metadata().size()));
      int at = place[0] + random.nextInt(place[1]);
      undo.push(kept(image, at, 1));
      changed.add(at);
      image[at] =
          (byte)
              switch (random.nextInt(4)) {
                case 0 -> image[at] ^ (1 << random.nextInt(8));
                case 1 -> 0xff;
                case 2 -> image[at] + 1;
                default -> random.nextInt(256);
              };
    }
    if (random.nextBoolean()) {
      forge(subject, changed, undo);
    }
    try {
      return assertTimeoutPreemptively(
          HANG, () -> walk(image), () -> name + ", seed " + SEED + ", mutation " + i);
    } catch (RuntimeException e) {
      throw new AssertionError(name + ", seed " + SEED + ", mutation " + i, e);
    } finally {
      undo.forEach(Runnable::run);
    }
  }

  private static Runnable kept(byte[] image, int at, int length) {
    byte[] before = Arrays.copyOfRange(image, at, at + length);
    return () -> System.arraycopy(before, 0, image, at, length);
  }

  /** Makes the checksums of the changed inodes and of the superblock right. */
  private static void forge(Subject subject, List<Integer> changed, Deque<Runnable> undo) {
    Repairer repairer = subject.repairer();
    if (!repairer.superblock().features().checksums()) {
      return;
    }
    undo.push(kept(subject.image(), Superblock.OFFSET, Superblock.SIZE));
    repairer.repairSuperblock();
    int size = repairer.superblock().inodeSize();
    for (long inode : subject.inodes()) {
      int at = repairer.inodeAt(inode);
      if (changed.stream().anyMatch(each -> each >= at && each < at + size)) {
        undo.push(kept(subject.image(), at, size));
        repairer.repairInode(inode);
      }
    }
  }

  /** Whether there was a tree to walk. */
  private static boolean walk(byte[] image) throws IOException {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    long workedBefore = THREADS.getCurrentThreadCpuTime();
    try (Volume volume = Image.open(image)) {
      Image.walk(volume.tree(), CONTENT);
      volume.check(finding -> {}, bytes -> {});
      return true;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(!message.contains("\n") && message.length() < 500, message);
      return false;
    } finally {
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < ALLOCATION_LIMIT, () -> allocated + " bytes");
      Duration worked = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - workedBefore);
      assertTrue(worked.compareTo(MOST_WORK) < 0, () -> "took " + worked);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext2-rev0", "ext4-inline", "ext4-dirty"})
  void an_image_cut_off_anywhere_is_refused(String name) throws IOException {
    byte[] image = Image.vector(name);
    long used = new Repairer(image).superblock().blocks();
    long size = used * new Repairer(image).superblock().blockSize();
    int step = 509;
    for (int length = 0; length < size; length += length < 8192 ? 1 : step) {
      int cut = length;
      IOException e =
          org.junit.jupiter.api.Assertions.assertThrows(
              io.unsealfs.volume.VolumeFormatException.class,
              () -> Image.open(new MemoryDevice(image, cut), JournalMode.REPLAY).close());
      assertTrue(String.valueOf(e.getMessage()).startsWith("ext4: "), e.getMessage());
    }
  }
}
