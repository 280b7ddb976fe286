package io.unsealfs.volume.gocryptfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.bucket.SharedTree;
import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.DiskCache;
import io.unsealfs.storage.chunk.DiskLimits;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.local.Recorder;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A chunk cache whose checksums fit and whose bytes are forged (object-storage.md section 4). */
@Timeout(120)
class DoctoredCacheTest {
  private static final int SIZE = 12 << 20;
  private static final int SEGMENT_HEADER = 64;
  private static final int PAYLOAD_CRC_AT = 32;
  private static final int HEADER_CRC_AT = 36;
  private static final DiskLimits LIMITS = new DiskLimits(1L << 30, 0);

  @TempDir Path directory;
  private final FakeStore fake = new FakeStore();
  private final byte[] plaintext = FakeStore.bytes(SIZE, 5);

  @BeforeEach
  void upload() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.write(source.resolve("model"), plaintext);
    Path volume = directory.resolve("volume");
    try (VolumeKey key = key()) {
      new GocryptfsWriter(
              new GocryptfsWriter.Options(true, 10, 1), new Recorder(), new StopSwitch())
          .encrypt(source, volume, key);
    }
    try (Stream<Path> files = Files.list(volume)) {
      for (Path file : files.toList()) {
        fake.put("m/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
  }

  private static VolumeKey key() {
    return new VolumeKey.Passphrase(LockedMemory.copyOf("correct horse".getBytes(UTF_8)));
  }

  /** A mount of its own, with nothing in memory. */
  private Volume open(BlockCache cache) throws IOException {
    return open(cache, false);
  }

  private Volume open(BlockCache cache, boolean trusted) throws IOException {
    ChunkStore chunks = new ChunkStore(fake, ChunkSettings.defaults(1L << 32, 1L << 31));
    try (SharedTree shared =
            new SharedTree(
                BucketTree.open(
                    fake,
                    "m/",
                    chunks,
                    GocryptfsFormat::isIndex,
                    RetryPolicy.DEFAULT,
                    warning -> {}));
        VolumeKey key = key()) {
      Volume volume =
          new GocryptfsFormat()
              .open(
                  shared.hold(),
                  key,
                  new VolumeContext(cache, new VolumeLimits(1L << 30, 1L << 30), warning -> {}));
      DiskCache disk =
          DiskCache.open(directory.resolve("cache"), LIMITS, Optional.empty(), warning -> {});
      if (trusted) {
        chunks.attachTrusted(disk);
      } else {
        chunks.attach(disk);
      }
      return volume;
    }
  }

  private static Source model(Volume volume) throws IOException {
    return volume.tree().open(volume.tree().lookup(volume.tree().root(), Name.of("model")));
  }

  private static byte[] read(Source source, int offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    source.read(offset, dst);
    return Arrays.copyOf(dst.array(), dst.position());
  }

  private byte[] expected(int offset, int length) {
    return Arrays.copyOfRange(plaintext, offset, offset + length);
  }

  private void fillCache() throws IOException {
    try (BlockCache cache = new BlockCache(32 << 20, 256 << 10);
        Volume volume = open(cache);
        Source source = model(volume)) {
      assertTrue(source.warm(0, SIZE, bytes -> true));
      assertArrayEquals(plaintext, read(source, 0, SIZE));
    }
  }

  /** Changes one byte of the object in the cache, and the checksums so that they fit. */
  private void doctor(int at) throws IOException {
    int doctored = 0;
    for (Path file : segments()) {
      byte[] bytes = Files.readAllBytes(file);
      // of a volume without name encryption and a file of two segments, this is the first one
      if (bytes.length == SEGMENT_HEADER + (8 << 20)) {
        ByteBuffer header = ByteBuffer.wrap(bytes);
        bytes[SEGMENT_HEADER + at] ^= 0x40;
        header.putInt(PAYLOAD_CRC_AT, crc(bytes, SEGMENT_HEADER, bytes.length - SEGMENT_HEADER));
        header.putInt(HEADER_CRC_AT, crc(bytes, 0, HEADER_CRC_AT));
        Files.delete(file);
        Files.write(file, bytes);
        doctored++;
      }
    }
    assertEquals(1, doctored);
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("cache"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /** 0: the version, 5: the file id; of the header. 18 + 20: a block. */
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 38})
  void forgedBytesOfTheCacheAreHealedByTheStore(int at) throws Exception {
    fillCache();
    doctor(at);
    int asked = fake.requests.size();
    try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume volume = open(cache);
        Source source = model(volume)) {
      // of the second segment, whose bytes are sound
      assertArrayEquals(expected(10 << 20, 4096), read(source, 10 << 20, 4096));
      assertArrayEquals(plaintext, read(source, 0, SIZE));
      try (Source again = model(volume)) {
        assertArrayEquals(expected(0, 4096), read(again, 0, 4096));
      }
    }
    long fetched =
        fake.requests.stream()
            .skip(asked)
            .filter(request -> request.key().endsWith("model"))
            .mapToLong(FakeStore.Request::length)
            .sum();
    assertTrue(fetched > 0, "the store was not asked");
    try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume volume = open(cache);
        Source source = model(volume)) {
      assertArrayEquals(plaintext, read(source, 0, SIZE));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 38})
  void aCheckBlamesABadCopyAndNotTheStore(int at) throws Exception {
    for (boolean trusted : new boolean[] {false, true}) {
      fillCache();
      doctor(at);
      List<Finding> findings = new ArrayList<>();
      try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
          Volume volume = open(cache, trusted)) {
        Volume.CheckSummary summary = volume.check(findings::add, bytes -> {});
        assertEquals(0, summary.findings(), findings::toString);
        assertEquals(SIZE, summary.plaintextBytes());
      }
      // a header that is none is healed before a block is looked at
      assertEquals(at == 0 ? 0 : 1, findings.size(), findings::toString);
      assertTrue(
          findings.stream().allMatch(one -> !one.damage() && one.problem().startsWith("copies")),
          findings::toString);
    }
  }

  @Test
  void severalBadBlocksOfOneChunkAreAllHealed() throws Exception {
    fillCache();
    for (int block : new int[] {0, 1, 7}) {
      doctor(18 + block * 4128 + 20);
    }
    List<Finding> findings = new ArrayList<>();
    try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume volume = open(cache, true)) {
      assertEquals(0, volume.check(findings::add, bytes -> {}).findings(), findings::toString);
    }
    assertTrue(findings.getFirst().problem().contains(" 3 blocks"), findings::toString);
  }

  @Test
  void aCheckBlamesTheStoreWhereItIsToBlame() throws Exception {
    byte[] stored = fakeBytes();
    stored[100] ^= 0x40;
    fake.put("m/model", stored);
    List<Finding> findings = new ArrayList<>();
    try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume volume = open(cache, true)) {
      assertEquals(1, volume.check(findings::add, bytes -> {}).findings());
    }
    assertEquals(18, findings.getFirst().offset());
    assertTrue(findings.getFirst().problem().contains("the storage has it so"));
  }

  @Test
  void aForgedHeaderInTheStoreStaysAnError() throws Exception {
    byte[] stored = fakeBytes();
    stored[5] ^= 0x40;
    fake.put("m/model", stored);
    try (BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume volume = open(cache);
        Source source = model(volume)) {
      for (int i = 0; i < 3; i++) {
        assertThrows(IntegrityException.class, () -> read(source, 10 << 20, 4096));
        assertThrows(IntegrityException.class, () -> read(source, 0, 4096));
      }
    }
  }

  private byte[] fakeBytes() throws IOException {
    return Files.readAllBytes(directory.resolve("volume").resolve("model"));
  }
}
