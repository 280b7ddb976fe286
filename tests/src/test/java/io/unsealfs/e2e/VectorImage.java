package io.unsealfs.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** One image of the shared LUKS vectors, made by the real cryptsetup or qemu-img. */
record VectorImage(Json entry) {
  static List<VectorImage> all() {
    try (InputStream in = Files.newInputStream(Needs.vectors("luks/manifest.json"))) {
      return Json.parse(in).get("images").items().stream().map(VectorImage::new).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static VectorImage named(String name) {
    return all().stream().filter(i -> i.toString().equals(name)).findFirst().orElseThrow();
  }

  /** SHA-256 of the whole plaintext device. */
  String plaintextHash() {
    return entry.get("plain_sha256").text();
  }

  /** The words that open it: SOURCE has to come first. */
  List<String> options(Path folder) throws IOException {
    Path key = Secrets.file(folder, "");
    String passphrase = entry.get("keys").items().getFirst().get("passphrase_b64").text();
    Files.write(key, Base64.getDecoder().decode(passphrase));
    List<String> options = new ArrayList<>(List.of("--key", "file:" + key + "?as=keyfile"));
    if (entry.has("header")) {
      options.add("--header");
      options.add(unpack(folder, entry.get("header").text()).toString());
    }
    return options;
  }

  Path unpack(Path folder) throws IOException {
    return unpack(folder, entry.get("image").text());
  }

  private static Path unpack(Path folder, String name) throws IOException {
    Path image = folder.resolve(name.replaceFirst("\\.gz$", ""));
    try (InputStream in = stream(name)) {
      Files.copy(in, image);
    }
    return image;
  }

  private static InputStream stream(String name) throws IOException {
    return new GZIPInputStream(Files.newInputStream(Needs.vectors("luks/" + name)));
  }

  /** The tree that the kernel saw; {@code lost+found} is not among it. */
  TreeSnapshot expected() throws IOException {
    try (InputStream in = stream(entry.get("manifest").text())) {
      return new ImageManifest(Json.parse(in)).tree();
    }
  }

  @Override
  public String toString() {
    return entry.get("name").text();
  }
}
