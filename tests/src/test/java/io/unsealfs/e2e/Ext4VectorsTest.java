package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shared file systems without encryption, as users meet them: mounted, exported, checked. */
class Ext4VectorsTest {
  private static final String SUFFIX = ".img.gz";

  @TempDir Path scratch;

  static List<String> images() throws IOException {
    try (Stream<Path> files = Files.list(Needs.vectors("ext4"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .sorted()
          .toList();
    }
  }

  private Path unpack(String name) throws IOException {
    Path image = scratch.resolve("image");
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(Needs.vectors("ext4/" + name + SUFFIX)))) {
      Files.copy(in, image);
    }
    return image;
  }

  private static ImageManifest manifest(String name) throws IOException {
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(Needs.vectors("ext4/" + name + ".json.gz")))) {
      return new ImageManifest(Json.parse(in));
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void aMountedImageShowsWhatTheKernelSaw(String name) throws Exception {
    Needs.fuse();
    Needs.root(); // modes that nobody else may read
    ImageManifest manifest = manifest(name);
    Path image = unpack(name);
    byte[] before = hash(image);
    for (String transport : List.of("kernel", "jnr")) {
      try (Mounted mounted =
          Mounted.mount(scratch, image, "--format", "ext4", "--transport", transport)) {
        ImageManifest.withoutLostAndFound(TreeSnapshot.of(mounted.path()))
            .assertEqualTo(manifest.tree());
        manifest.compareRanges(mounted.path());
      }
    }
    assertEquals(
        java.util.HexFormat.of().formatHex(before),
        java.util.HexFormat.of().formatHex(hash(image)));
  }

  @ParameterizedTest
  @MethodSource("images")
  void anExportHasItAndACheckFindsNothing(String name) throws Exception {
    Needs.root(); // owners and devices
    ImageManifest manifest = manifest(name);
    String image = unpack(name).toString();
    Path target = scratch.resolve("exported");
    Command.unsealfs(scratch, "export", image, target.toString(), "--format", "ext4")
        .run()
        .assertStatus(0);
    ImageManifest.exported(ImageManifest.withoutLostAndFound(TreeSnapshot.of(target)))
        .assertEqualTo(ImageManifest.exported(manifest.tree()));
    manifest.compareRanges(target);
    Command.unsealfs(scratch, "check", image, "--format", "ext4").run().assertStatus(0);
    Json info =
        Json.parse(
            Command.unsealfs(scratch, "info", image, "--format", "ext4", "--json")
                .run()
                .assertStatus(0)
                .out());
    assertEquals("ext4", info.get("format").text());
  }

  private static byte[] hash(Path file) throws IOException {
    return TreeSnapshot.newSha256().digest(Files.readAllBytes(file));
  }
}
