package io.unsealfs.container;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The images, built once for all tests of this JVM by the script that releases use. */
final class Images {
  private static final long BUILD_SECONDS = 240;
  private static boolean built; // guarded by the class

  private Images() {}

  static Path folder() {
    return Needs.checkout().resolve("container/target");
  }

  /** Builds, if nobody has. */
  static synchronized void build() throws IOException, InterruptedException {
    Needs.root();
    Needs.require(
        Files.exists(Needs.checkout().resolve("daemon/target/unsealfs.cdx.json")),
        "the list of parts that -Pimage makes; tests/run has it");
    Needs.programs("bash", "apt-get", "dpkg-deb", "sha256sum", "mvn", "tar");
    if (!built) {
      rebuild();
      built = true;
    }
  }

  /** Builds again, from the jars as they are. */
  static String rebuild() throws IOException, InterruptedException {
    Files.createDirectories(folder());
    return Program.run(
        folder(),
        BUILD_SECONDS,
        Needs.checkout().resolve("container/build").toString(),
        "--as-built",
        "--newest-if-gone");
  }

  static String digest(String image) throws IOException {
    return Files.readString(folder().resolve(image + ".digest"));
  }

  static Path tar(String image) {
    return folder().resolve(image + ".tar");
  }

  /** Configuration of an image, and its files below {@code root}. */
  static JsonNode unpack(String image, Path scratch, Path root)
      throws IOException, InterruptedException {
    Path layout = Files.createTempDirectory(scratch, "layout-");
    Program.run(scratch, 60, "tar", "-xf", tar(image).toString(), "-C", layout.toString());
    ObjectMapper json = new ObjectMapper();
    JsonNode index = json.readTree(layout.resolve("index.json").toFile());
    JsonNode manifest = json.readTree(blob(layout, index.get("manifests").get(0)).toFile());
    List<Path> layers = new ArrayList<>();
    manifest.get("layers").forEach(layer -> layers.add(blob(layout, layer)));
    for (Path layer : layers) {
      Program.run(scratch, 60, "tar", "-xzpf", layer.toString(), "-C", root.toString());
    }
    return json.readTree(blob(layout, manifest.get("config")).toFile());
  }

  private static Path blob(Path layout, JsonNode descriptor) {
    return layout.resolve("blobs").resolve(descriptor.get("digest").textValue().replace(':', '/'));
  }
}
