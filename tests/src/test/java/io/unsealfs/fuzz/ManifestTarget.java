package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.manifest.Manifest;
import io.unsealfs.storage.manifest.ManifestKey;
import io.unsealfs.storage.manifest.ManifestMaker;
import io.unsealfs.storage.manifest.ManifestStore;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.KeyRules;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Manifests as whoever holds the file may make them: no seal is looked at before they are used. */
final class ManifestTarget {
  private static final ObjectUri URI = ObjectUri.parse("s3://models/v");

  private ManifestTarget() {}

  static FuzzTarget make() throws IOException {
    Path volume = Files.createTempDirectory("unsealfs-fuzz-manifest");
    Files.createDirectories(volume.resolve("d/empty"));
    Files.write(volume.resolve("d/two chunks"), new byte[ContentPin.CHUNK_BYTES + 1]);
    Files.writeString(volume.resolve("größe"), "x");
    byte[] tree;
    byte[] image;
    try (ManifestKey key = ManifestKey.derive(new byte[32])) {
      try (ManifestMaker maker = new ManifestMaker(bytes -> {});
          FileTree files = LocalTree.open(volume)) {
        maker.add(files);
        tree = maker.finish(1, key);
      }
      try (ManifestMaker maker = new ManifestMaker(bytes -> {})) {
        maker.add(LocalFile.open(volume.resolve("d/two chunks")));
        image = maker.finish(2, key);
      }
    }
    try (Stream<Path> made = Files.walk(volume)) {
      for (Path path : made.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
    return new ParserTarget(
        "manifest",
        List.of(tree, image),
        List.of(
            Arrays.copyOf(tree, 24),
            new byte[32],
            "/".getBytes(UTF_8),
            "../".getBytes(UTF_8),
            new byte[] {0, 0, 0, 0, 0, 4, 0, 0},
            new byte[] {-1, -1, -1, -1}),
        ManifestTarget::parse);
  }

  private static void parse(byte[] input) throws IOException {
    Manifest manifest = Manifest.parse(input);
    ManifestStore store = new ManifestStore(noStore(), URI, manifest);
    List<ObjectVersion> objects =
        manifest.isImage()
            ? List.of(store.head(URI.path(), Cancellation.none()))
            : store
                .list(URI.treePrefix(), ListDepth.ALL, Optional.empty(), Cancellation.none())
                .objects();
    if (objects.size() != manifest.objects()) {
      throw new AssertionError("objects are counted that are not there");
    }
    ByteBuffer chunk = ByteBuffer.allocate(ContentPin.CHUNK_BYTES);
    for (ObjectVersion version : objects) {
      if (KeyRules.judge("", version.key()).isPresent() && version.key().length() < 1000) {
        throw new AssertionError("a key that can be no file");
      }
      ContentPin pin = store.of(version).orElseThrow();
      int last = Math.toIntExact(Math.max(0, (version.size() - 1) / ContentPin.CHUNK_BYTES));
      // the digests that are named are all there
      boolean _ = pin.matches(0, chunk.slice(0, (int) Math.min(chunk.capacity(), version.size())));
      boolean _ =
          pin.matches(
              last, chunk.slice(0, (int) (version.size() - (long) last * chunk.capacity())));
      if (pin.matches(last + 1, chunk.slice(0, 0))) {
        throw new AssertionError("a chunk behind the end");
      }
    }
  }

  /** A store that nobody may ask for anything. */
  private static ObjectStore noStore() {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ManifestTarget.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) -> {
              throw new AssertionError("the store was asked: " + method.getName());
            });
  }
}
