package io.unsealfs.fuzz;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.storage.local.StagedFile;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import io.unsealfs.volume.luks.LuksFormat;
import io.unsealfs.volume.luks.LuksOptions;
import io.unsealfs.volume.luks.LuksWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A LUKS header. The input is either the binary part of it, or the JSON text, which is then put
 * into both copies with checksums that hold: otherwise no input would get past them.
 */
final class LuksTarget implements FuzzTarget {
  private static final int BINARY = 4096;
  private static final int HEADER = 16 << 10;
  private static final int VERSION_AT = 7;
  private static final int CHECKSUM_AT = 448;
  private static final int CHECKSUM_END = 512;
  private static final int IMAGE_SIZE = (16 << 20) + 4096;
  private static final byte[] PASSPHRASE = "fuzz".getBytes(StandardCharsets.US_ASCII);

  private final boolean json;
  private final byte[] good;
  private final LuksOptions cheap =
      LuksOptions.defaults().withLimits(100_000, 1, Duration.ofSeconds(2));

  private LuksTarget(boolean json) throws IOException {
    this.json = json;
    this.good = image();
  }

  /** The binary parts and the start of the JSON area. */
  static FuzzTarget header() throws IOException {
    return new LuksTarget(false);
  }

  /** The JSON text. */
  static FuzzTarget json() throws IOException {
    return new LuksTarget(true);
  }

  private static byte[] image() throws IOException {
    Path folder = Files.createTempDirectory("unsealfs-fuzz-");
    Path file = folder.resolve("image");
    try {
      try (VolumeKey key = new VolumeKey.Passphrase(LockedMemory.copyOf(PASSPHRASE));
          StagedFile staged = StagedFile.create(file)) {
        new LuksWriter(
                new LuksWriter.Stretching(false, 4, 32, 1, 1000), new Silent(), new StopSwitch())
            .write(new Sectors(), key, staged);
        staged.publish();
      }
      byte[] start = new byte[2 * HEADER + (256 << 10)];
      try (Source image = LocalFile.open(file)) {
        image.read(0, ByteBuffer.wrap(start));
      }
      return start;
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }

  private static final class Silent implements CopyListener {
    @Override
    public void copied(long plaintextBytes) {}

    @Override
    public void failed(String location, String plaintextPath, IOException why) {}

    @Override
    public void noticed(String plaintextPath, String what) {}
  }

  /** A disk of one sector. */
  private static final class Sectors implements Source {
    @Override
    public long size() {
      return LuksWriter.SECTOR_SIZE;
    }

    @Override
    public int read(long offset, ByteBuffer dst) {
      int length = dst.remaining();
      dst.put(new byte[length]);
      return length;
    }

    @Override
    public void close() {}
  }

  @Override
  public String name() {
    return json ? "luks-json" : "luks-header";
  }

  @Override
  public List<byte[]> corpus() {
    if (json) {
      return List.of(goodJson());
    }
    byte[] luks1 = new byte[592];
    ByteBuffer head = ByteBuffer.wrap(luks1);
    head.put(0, Arrays.copyOf(good, 6)).putShort(6, (short) 1);
    head.put(8, ascii("aes")).put(40, ascii("xts-plain64")).put(72, ascii("sha256"));
    head.putInt(104, 4096).putInt(108, 64).putInt(164, 1000).put(168, ascii("uuid"));
    for (int slot = 0; slot < 8; slot++) {
      int at = 208 + 48 * slot;
      head.putInt(at, slot == 0 ? 0x00AC71F3 : 0x0000DEAD).putInt(at + 4, 1000);
      head.putInt(at + 40, 8 + 512 * slot).putInt(at + 44, 4000);
    }
    return List.of(Arrays.copyOf(good, CHECKSUM_END), luks1);
  }

  private byte[] goodJson() {
    int end = BINARY;
    while (good[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(good, BINARY, end);
  }

  @Override
  public List<byte[]> words() {
    List<byte[]> words = new ArrayList<>();
    for (String word :
        List.of(
            "\"0\"",
            "\"18446744073709551615\"",
            "\"9223372036854775807\"",
            "99999999999999999999",
            "-1",
            "1e9",
            "null",
            "[[[[[[[[[[[[[[[[[",
            "cipher_null-ecb",
            "capi:ecb(cipher_null)-plain64",
            "argon2id",
            "\"flags\":[],",
            "\"1\":{}",
            "\\u0000")) {
      words.add(ascii(word));
    }
    return words;
  }

  @Override
  public long allocationLimit() {
    // what a header covers is read into memory: here at most the whole image, and while it grows
    // what was there before
    return 3L * IMAGE_SIZE;
  }

  @Override
  public void feed(byte[] input) throws IOException {
    byte[] start = good.clone();
    if (json) {
      for (int copy = 0; copy < 2; copy++) {
        int at = copy * HEADER + BINARY;
        Arrays.fill(start, at, (copy + 1) * HEADER, (byte) 0);
        System.arraycopy(input, 0, start, at, Math.min(input.length, HEADER - BINARY));
      }
      repair(start, 0);
      repair(start, HEADER);
    } else {
      System.arraycopy(input, 0, start, 0, Math.min(input.length, 2 * HEADER));
      // where LUKS2 has its checksum, LUKS1 has key slots
      if (input.length % 2 == 0 && start[VERSION_AT] != 1) {
        repair(start, 0);
      }
    }
    try (BlockCache cache = new BlockCache(1 << 20, 128 << 10, ReadPolicy.PLAIN);
        VolumeKey key = new VolumeKey.Passphrase(LockedMemory.copyOf(PASSPHRASE));
        SealedImage image = new LuksFormat(cheap).read(new Beginning(start), Optional.empty())) {
      Source plaintext =
          image.unlock(
              key, new VolumeContext(cache, new VolumeLimits(1 << 20, 1 << 20), warning -> {}));
      plaintext.close();
    } catch (VolumeFormatException | WrongKeyException | PinMismatchException e) {
      throw e;
    } catch (IOException e) {
      throw new AssertionError("refused with the wrong type", e);
    }
  }

  private static void repair(byte[] start, int copy) {
    Arrays.fill(start, copy + CHECKSUM_AT, copy + CHECKSUM_END, (byte) 0);
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(start, copy, HEADER);
      byte[] sum = digest.digest();
      System.arraycopy(sum, 0, start, copy + CHECKSUM_AT, sum.length);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** An image that goes on with zeros. */
  private static final class Beginning implements Source {
    private final byte[] start;

    Beginning(byte[] start) {
      this.start = start;
    }

    @Override
    public long size() {
      return IMAGE_SIZE;
    }

    @Override
    public int read(long offset, ByteBuffer dst) {
      int length = (int) Math.max(0, Math.min(dst.remaining(), IMAGE_SIZE - offset));
      int known = Math.clamp(start.length - offset, 0, length);
      if (known > 0) {
        dst.put(start, (int) offset, known);
      }
      dst.put(new byte[length - known]);
      return length;
    }

    @Override
    public void close() {}
  }
}
