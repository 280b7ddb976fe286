package io.unsealfs.volume.luks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.ext4.Ext4FileSystem;
import io.unsealfs.volume.ext4.Ext4Options;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What opening an image and showing a file costs does not depend on how large the image is. */
class LargeImageTest {
  private static final long GIB = 1L << 30;
  private static final long MOST_MORE = 1 << 20;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final byte[] CONTENT = new byte[100_000];

  @TempDir Path scratch;

  private record Cost(long reads, long bytesRead, long bytesAllocated) {}

  @Test
  void a_hundred_gibibytes_open_at_the_cost_of_one() throws Exception {
    new Random(3).nextBytes(CONTENT);
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    Files.write(tree.resolve("weights"), CONTENT);
    Path small = fileSystem("small", GIB, tree);
    Path large = fileSystem("large", 100 * GIB, tree);
    Cost _ = cost(small); // what the first use of a class costs
    Cost one = cost(small);
    Cost hundred = cost(large);
    assertTrue(hundred.reads() <= one.reads() + 4, () -> one + ", then " + hundred);
    assertTrue(hundred.bytesRead() <= one.bytesRead() + MOST_MORE, () -> one + ", then " + hundred);
    assertTrue(
        hundred.bytesAllocated() <= one.bytesAllocated() + 4 * MOST_MORE,
        () -> one + ", then " + hundred);
  }

  private Path fileSystem(String name, long size, Path tree) throws Exception {
    Path image = scratch.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(size);
    }
    Process mkfs;
    try {
      mkfs =
          new ProcessBuilder(
                  "mkfs.ext4",
                  "-q",
                  "-F",
                  "-O",
                  "^has_journal",
                  "-E",
                  "lazy_itable_init=1,nodiscard",
                  "-d",
                  tree.toString(),
                  image.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      if ("true".equals(System.getenv("CI"))) {
        throw e;
      }
      assumeTrue(false, "mkfs.ext4 is not installed");
      throw e;
    }
    assertEquals(0, mkfs.waitFor());
    return image;
  }

  private static Cost cost(Path plain) throws Exception {
    LuksWriter.Stretching cheap = new LuksWriter.Stretching(false, 4, 32, 1, 1000);
    try (EncryptedOnRead device = EncryptedOnRead.of(plain, cheap);
        BlockCache cache = new BlockCache(8 << 20, 128 << 10, ReadPolicy.PLAIN);
        VolumeKey key = LuksVector.passphrase(SmallImage.PASSPHRASE)) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      VolumeContext context =
          new VolumeContext(cache, new VolumeLimits(1 << 20, 1 << 20), warning -> {});
      try (SealedImage sealed = new LuksFormat(SmallImage.CHEAP).read(device, Optional.empty());
          Volume volume =
              Ext4FileSystem.open(sealed.unlock(key, context), Ext4Options.DEFAULT, context)) {
        FileTree shown = volume.tree();
        assertEquals(2, shown.list(shown.root()).size());
        ByteBuffer content = ByteBuffer.allocate(CONTENT.length);
        try (Source file = shown.open(shown.lookup(shown.root(), Name.of("weights")))) {
          file.read(0, content);
        }
        assertArrayEquals(CONTENT, content.array());
        assertTrue(shown.statistics().blocks() > 0);
      }
      return new Cost(
          device.reads, device.bytesRead, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
  }

  /** The LUKS image of a file system, made as it is read: nobody has to encrypt all of it. */
  private static final class EncryptedOnRead implements Source {
    private final RandomAccessFile plain;
    private final NewHeader header;
    private final long size;
    private long reads;
    private long bytesRead;

    private EncryptedOnRead(RandomAccessFile plain, NewHeader header) throws IOException {
      this.plain = plain;
      this.header = header;
      this.size = SmallImage.DATA_OFFSET + plain.length();
    }

    static EncryptedOnRead of(Path plain, LuksWriter.Stretching stretching) throws IOException {
      try (VolumeKey key = LuksVector.passphrase(SmallImage.PASSPHRASE)) {
        return new EncryptedOnRead(
            new RandomAccessFile(plain.toFile(), "r"),
            NewHeader.create(
                key, stretching, new java.security.SecureRandom(), SmallImage.DATA_OFFSET, 1000));
      }
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      int length = (int) Math.min(dst.remaining(), Math.max(0, size - offset));
      reads++;
      bytesRead += length;
      if (offset < SmallImage.DATA_OFFSET) {
        dst.put(header.bytes(), (int) offset, length);
        return length;
      }
      long at = offset - SmallImage.DATA_OFFSET;
      assertEquals(List.of(0L, 0L), List.of(at % 4096, length % 4096L), "not whole sectors");
      byte[] sectors = new byte[length];
      plain.seek(at);
      plain.readFully(sectors);
      byte[] ciphertext = new byte[length];
      try (var worker = header.dataCipher().borrow()) {
        worker.encrypt(at / 512, sectors, 0, length, ciphertext, 0);
      }
      dst.put(ciphertext);
      return length;
    }

    @Override
    public void close() throws IOException {
      plain.close();
    }
  }
}
