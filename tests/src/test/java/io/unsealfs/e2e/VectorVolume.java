package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One volume of the shared gocryptfs vectors, written by the real gocryptfs. */
record VectorVolume(String name, String password, String masterKeyHex, Json tree) {
  private static final String SEED = "unsealfs/gocryptfs/shared/1";

  /** All of them, in the manifest's order. */
  static List<VectorVolume> all() {
    Json manifest = manifest();
    return manifest.get("volumes").items().stream()
        .map(volume ->
            new VectorVolume(
                volume.get("volume").text(),
                volume.get("password").text(),
                volume.get("masterkey_hex").text(),
                manifest.get("trees").get(volume.get("tree").text())))
        .toList();
  }

  static VectorVolume named(String name) {
    return all().stream()
        .filter(volume -> volume.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no vector volume " + name));
  }

  private static Json manifest() {
    try (InputStream in = Files.newInputStream(Needs.vectors("gocryptfs/manifest.json"))) {
      return Json.parse(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Unpacks the cipher directory into {@code folder} and gives its path. */
  Path unpack(Path folder) throws IOException, InterruptedException {
    Needs.programs("tar");
    new Command(folder, "tar", "--xattrs", "--xattrs-include=user.*", "-xzpf")
        .with(Needs.vectors("gocryptfs/" + name + ".tar.gz").toString())
        .run()
        .assertStatus(0);
    return folder.resolve(name);
  }

  /** The plaintext view that the manifest promises. */
  TreeSnapshot expected() {
    SortedMap<Name, TreeEntry> entries = new TreeMap<>();
    for (Json entry : tree.items()) {
      Name path = path(entry);
      entries.put(path, entry(path, entry));
    }
    return new TreeSnapshot(entries);
  }

  private static Name path(Json entry) {
    return entry.has("path")
        ? Name.of(entry.get("path").text())
        : Name.of(Base64.getDecoder().decode(entry.get("path_b64").text()));
  }

  private static TreeEntry entry(Name path, Json entry) {
    NodeKind kind =
        switch (entry.get("type").text()) {
          case "file" -> NodeKind.FILE;
          case "dir" -> NodeKind.DIRECTORY;
          case "symlink" -> NodeKind.SYMLINK;
          case "fifo" -> NodeKind.FIFO;
          default -> throw new AssertionError("unknown type at " + entry);
        };
    SortedMap<Name, String> xattrs = new TreeMap<>();
    if (entry.has("xattrs_b64")) {
      Json values = entry.get("xattrs_b64");
      for (String name : values.names()) {
        xattrs.put(Name.of(name), values.get(name).text());
      }
    }
    return new TreeEntry(
        kind,
        Integer.parseInt(entry.get("mode").text(), 8),
        (int) entry.get("uid").number(),
        (int) entry.get("gid").number(),
        path.length() == 0 ? null : entry.get("mtime").number(),
        entry.has("size") ? entry.get("size").number() : 0,
        text(entry, "sha256"),
        entry.has("nlink") ? (int) entry.get("nlink").number() : 0,
        name(entry, "hardlink_of"),
        name(entry, "target"),
        xattrs);
  }

  private static @Nullable String text(Json entry, String member) {
    return entry.has(member) ? entry.get(member).text() : null;
  }

  private static @Nullable Name name(Json entry, String member) {
    return entry.has(member) ? Name.of(entry.get(member).text()) : null;
  }

  /** The first {@code size} bytes of a file, as the vectors' README defines them. */
  static byte[] content(String path, int size) {
    ByteBuffer content = ByteBuffer.allocate(size);
    MessageDigest digest = TreeSnapshot.newSha256();
    for (long i = 0; content.hasRemaining(); i++) {
      digest.update(SEED.getBytes(UTF_8));
      digest.update((byte) 0);
      digest.update(path.getBytes(UTF_8));
      digest.update((byte) 0);
      digest.update(ByteBuffer.allocate(8).putLong(i).flip());
      byte[] part = digest.digest();
      content.put(part, 0, Math.min(part.length, content.remaining()));
    }
    return content.array();
  }

  @Override
  public String toString() {
    return name;
  }
}
