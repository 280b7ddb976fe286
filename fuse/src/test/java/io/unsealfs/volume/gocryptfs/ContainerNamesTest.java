package io.unsealfs.volume.gocryptfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.bucket.SharedTree;
import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.local.Recorder;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ContainerNamesTest {
  private static final int SIZE = 12 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "model.pt,true",
    "weights.pth,true",
    "pytorch_model.bin,true",
    "pytorch_model-00001-of-00002.bin,true",
    "arrays.npz,true",
    "model.safetensors,false",
    "model.gguf,false",
    "tokenizer.bin,false",
    "pt,false"
  })
  void namesOfZipArchivesAreKnown(String name, boolean known) {
    assertEquals(known, ContainerNames.hasIndexAtEnd(Name.of(name)));
  }

  private static VolumeKey key() {
    return new VolumeKey.Passphrase(LockedMemory.copyOf("correct horse".getBytes(UTF_8)));
  }

  @Test
  void theEndOfAnArchiveComesWithItsBeginAndThatOfOthersDoesNot() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    List<String> names = List.of("model.pt", "model.safetensors");
    for (String name : names) {
      Files.write(source.resolve(name), FakeStore.bytes(SIZE, 5));
    }
    Path volume = directory.resolve("volume");
    try (VolumeKey key = key()) {
      new GocryptfsWriter(
              new GocryptfsWriter.Options(true, 10, 1), new Recorder(), new StopSwitch())
          .encrypt(source, volume, key);
    }
    FakeStore fake = new FakeStore();
    try (Stream<Path> files = Files.list(volume)) {
      for (Path file : files.toList()) {
        fake.put("m/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    // nothing is asked for twice, however long an answer takes
    ChunkStore chunks =
        new ChunkStore(
            fake,
            ChunkSettings.defaults(1L << 32, 1L << 31)
                .withRetries(RetryPolicy.DEFAULT, Duration.ofHours(1)));
    try (SharedTree shared =
            new SharedTree(
                BucketTree.open(
                    fake,
                    "m/",
                    chunks,
                    GocryptfsFormat::isIndex,
                    RetryPolicy.DEFAULT,
                    warning -> {}));
        VolumeKey key = key();
        BlockCache cache = new BlockCache(1 << 20, 256 << 10);
        Volume opened =
            new GocryptfsFormat()
                .open(
                    shared.hold(),
                    key,
                    new VolumeContext(
                        cache, new VolumeLimits(1L << 30, 1L << 30), warning -> {}))) {
      for (String name : names) {
        int asked = fake.requests.size();
        long served = fake.bytesServed.get();
        var node = opened.tree().lookup(opened.tree().root(), Name.of(name));
        try (Source plaintext = opened.tree().open(node)) {
          plaintext.read(0, ByteBuffer.allocate(4096));
          // a megabyte for the read, and the archive's end or the seven that follow the start
          boolean archive = name.endsWith(".pt");
          int expected = archive ? 2 : 8;
          while (fake.requests.size() < asked + expected || chunks.figures().inFlight() > 0) {
            Thread.onSpinWait();
          }
          assertEquals(asked + expected, fake.requests.size(), name);
          assertEquals(!archive, fake.bytesServed.get() - served == 8 << 20, "bytes of " + name);
          plaintext.read(SIZE - 22, ByteBuffer.allocate(22));
          assertEquals(asked + (archive ? 2 : 9), fake.requests.size(), name);
        }
      }
    }
  }
}
