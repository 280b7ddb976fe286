package io.unsealfs.e2e;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** One image of the shared LUKS vectors, made by the real cryptsetup or qemu-img. */
record VectorImage(Json entry) {
  private static final Name USER = Name.of("user.");
  private static final BigInteger NANOS = BigInteger.valueOf(1_000_000_000);

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
    SortedMap<Name, Json> found = new TreeMap<>();
    try (InputStream in = stream(entry.get("manifest").text())) {
      for (Json object : Json.parse(in).get("entries").items()) {
        byte[] path =
            object.has("path_b64")
                ? Base64.getDecoder().decode(object.get("path_b64").text())
                : object.get("path").text().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        found.put(Name.of(java.util.Arrays.copyOfRange(path, 1, path.length)), object);
      }
    }
    Map<Long, Name> firstNames = new HashMap<>();
    SortedMap<Name, TreeEntry> entries = new TreeMap<>();
    for (Map.Entry<Name, Json> object : found.entrySet()) {
      entries.put(object.getKey(), entry(object.getKey(), object.getValue(), firstNames));
    }
    return new TreeSnapshot(entries);
  }

  private static TreeEntry entry(Name path, Json object, Map<Long, Name> firstNames) {
    NodeKind kind =
        switch (object.get("type").text()) {
          case "file" -> NodeKind.FILE;
          case "dir" -> NodeKind.DIRECTORY;
          case "symlink" -> NodeKind.SYMLINK;
          case "fifo" -> NodeKind.FIFO;
          case "chr" -> NodeKind.CHARACTER_DEVICE;
          case "blk" -> NodeKind.BLOCK_DEVICE;
          case "sock" -> NodeKind.SOCKET;
          default -> throw new AssertionError("unknown type at " + object);
        };
    boolean file = kind == NodeKind.FILE;
    boolean link = kind == NodeKind.SYMLINK;
    Name first = null;
    if (file && object.get("nlink").number() > 1) {
      first = firstNames.putIfAbsent(object.get("ino").number(), path);
    }
    SortedMap<Name, String> xattrs = new TreeMap<>();
    if (object.has("xattrs") && (file || kind == NodeKind.DIRECTORY)) {
      for (String name : object.get("xattrs").names()) {
        if (Name.of(name).startsWith(USER)) {
          xattrs.put(Name.of(name), object.get("xattrs").get(name).text());
        }
      }
    }
    return new TreeEntry(
        kind,
        Integer.parseInt(object.get("mode").text(), 8),
        (int) object.get("uid").number(),
        (int) object.get("gid").number(),
        path.length() == 0 ? null : seconds(object.get("mtime_ns").text()),
        file || link ? object.get("size").number() : 0,
        file ? object.get("sha256").text() : null,
        file ? (int) object.get("nlink").number() : 0,
        first,
        target(object),
        xattrs);
  }

  private static long seconds(String nanos) {
    BigInteger[] parts = new BigInteger(nanos).divideAndRemainder(NANOS);
    return parts[0].longValueExact() - (parts[1].signum() < 0 ? 1 : 0);
  }

  private static @Nullable Name target(Json object) {
    return object.has("target") ? Name.of(object.get("target").text()) : null;
  }

  @Override
  public String toString() {
    return entry.get("name").text();
  }
}
