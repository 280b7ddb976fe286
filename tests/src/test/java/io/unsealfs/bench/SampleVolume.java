package io.unsealfs.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import io.unsealfs.volume.gocryptfs.GocryptfsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A small gocryptfs volume on disk, opened: a large file, and many names. */
final class SampleVolume implements AutoCloseable {
  static final int FILE_BYTES = 32 << 20;
  static final int NAMES = 1000;
  private static final int EXTENT_SIZE = 128 << 10;
  private static final int SCRYPT_LOG_N = 10;

  private final Path directory;
  private final BlockCache cache;
  private final Volume volume;

  /**
   * Makes and opens one.
   *
   * @param cacheBytes capacity of the cache of decrypted blocks
   */
  SampleVolume(long cacheBytes) throws IOException {
    directory = Files.createTempDirectory("unsealfs-jmh-");
    Path plain = Files.createDirectories(directory.resolve("plain"));
    byte[] content = new byte[FILE_BYTES];
    new SplittableRandom(1).nextBytes(content);
    Files.write(plain.resolve("large"), content);
    Path names = Files.createDirectory(plain.resolve("names"));
    for (int i = 0; i < NAMES; i++) {
      Files.createFile(names.resolve("model-%05d-of-01000.safetensors".formatted(i)));
    }
    Path cipher = directory.resolve("cipher");
    try (VolumeKey key = key()) {
      new GocryptfsWriter(
              new GocryptfsWriter.Options(false, SCRYPT_LOG_N, 2), new Failing(), new StopSwitch())
          .encrypt(plain, cipher, key);
    }
    cache = new BlockCache(cacheBytes, EXTENT_SIZE);
    try (VolumeKey key = key()) {
      volume =
          new GocryptfsFormat()
              .open(
                  LocalTree.open(cipher),
                  key,
                  new VolumeContext(cache, new VolumeLimits(1L << 30, 1L << 25), warning -> {}));
    }
  }

  private static VolumeKey key() {
    return new VolumeKey.Passphrase(LockedMemory.copyOf("benchmark only".getBytes(US_ASCII)));
  }

  FileTree tree() {
    return volume.tree();
  }

  Node find(String name) throws IOException {
    return tree().lookup(tree().root(), Name.of(name));
  }

  Source openLarge() throws IOException {
    return tree().open(find("large"));
  }

  @Override
  public void close() throws IOException {
    volume.close();
    cache.close();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.toList().reversed()) {
        Files.delete(path);
      }
    }
  }

  /** Everything has to be encrypted. */
  private static final class Failing implements CopyListener {
    @Override
    public void copied(long plaintextBytes) {}

    @Override
    public void failed(String location, String plaintextPath, IOException why) {
      throw new UncheckedIOException(why);
    }

    @Override
    public void noticed(String plaintextPath, String what) {}
  }
}
