package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** One of the shared volumes, and opening volumes in tests. */
final class VectorVolume {
  static final VolumeLimits LIMITS = new VolumeLimits(256L << 20, 1L << 22);

  private final Json entry;

  private VectorVolume(Json entry) {
    this.entry = entry;
  }

  static List<VectorVolume> all() {
    return Vectors.json("gocryptfs/manifest.json").get("volumes").items().stream()
        .map(VectorVolume::new)
        .toList();
  }

  static VectorVolume named(String name) {
    return all().stream().filter(v -> v.toString().equals(name)).findFirst().orElseThrow();
  }

  /** The expected plaintext. */
  List<Json> tree() {
    return Vectors.json("gocryptfs/manifest.json")
        .get("trees")
        .get(entry.get("tree").text())
        .items();
  }

  byte[] masterKey() {
    return entry.get("masterkey_hex").hex();
  }

  byte[] passphrase() {
    return entry.get("password").text().getBytes(StandardCharsets.UTF_8);
  }

  List<String> flags() {
    return entry.get("feature_flags").items().stream().map(Json::text).toList();
  }

  /** Unpacks the cipher directory into {@code parent}. */
  Path unpack(Path parent) throws Exception {
    Path archive = Vectors.path("gocryptfs/" + entry.get("archive").text());
    Files.createDirectories(parent);
    Process tar =
        new ProcessBuilder(
                "tar",
                "--xattrs",
                "--xattrs-include=user.*",
                "-xzpf",
                archive.toAbsolutePath().toString(),
                "-C",
                parent.toString())
            .inheritIO()
            .start();
    assertEquals(0, tar.waitFor(), "tar");
    return parent.resolve(toString());
  }

  static Volume open(Path directory, VolumeKey key, Consumer<String> warnings) throws IOException {
    VolumeContext context = new VolumeContext(new BlockCache(8 << 20, 128 << 10), LIMITS, warnings);
    try (key) {
      return new GocryptfsFormat().open(LocalTree.open(directory), key, context);
    }
  }

  Volume openWithMasterKey(Path directory) throws IOException {
    return open(directory, raw(masterKey()), warning -> {});
  }

  static VolumeKey raw(byte[] key) {
    return new VolumeKey.RawKey(LockedMemory.copyOf(key));
  }

  static VolumeKey passphrase(byte[] passphrase) {
    return new VolumeKey.Passphrase(LockedMemory.copyOf(passphrase));
  }

  /** The node at a path with slashes. */
  static Node walk(FileTree tree, String path) throws IOException {
    Node node = tree.root();
    for (String name : path.split("/", -1)) {
      node = tree.lookup(node, Name.of(name));
    }
    return node;
  }

  static byte[] read(FileTree tree, Node file) throws IOException {
    try (Source source = tree.open(file)) {
      byte[] bytes = new byte[Math.toIntExact(source.size())];
      assertEquals(bytes.length, source.read(0, ByteBuffer.wrap(bytes)));
      return bytes;
    }
  }

  @Override
  public String toString() {
    return entry.get("volume").text();
  }
}
