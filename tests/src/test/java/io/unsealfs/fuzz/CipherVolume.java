package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unsealfs.block.BlockCache;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * A volume of the shared gocryptfs vectors, unpacked into memory.
 *
 * @param name its name in the vectors
 * @param masterKey its raw key; these volumes and their keys are public
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares volumes
record CipherVolume(String name, MemoryTree tree, byte[] masterKey) {
  static final Name CONFIG = Name.of("gocryptfs.conf");
  static final byte[] PASSPHRASE =
      "correct horse battery staple".getBytes(StandardCharsets.US_ASCII);
  private static final String XATTR_HEADER = "SCHILY.xattr.";
  private static final int EXTENT_SIZE = 128 << 10;

  /** What the vectors ask for, and no more: N=1024, r=8, p=1. */
  static final VolumeLimits SMALL_LIMITS = new VolumeLimits(2 << 20, 1 << 14);

  /** The volume of that name; the test is skipped where the vectors are absent. */
  static CipherVolume named(String name) throws IOException {
    MemoryTree tree = new MemoryTree();
    Path archive = vectors().resolve(name + ".tar.gz");
    try (DataInputStream tar =
        new DataInputStream(new GZIPInputStream(Files.newInputStream(archive), 1 << 16))) {
      for (TarEntry entry = TarEntry.read(tar); entry != null; entry = TarEntry.read(tar)) {
        add(tree, entry);
      }
    }
    return new CipherVolume(name, tree, masterKey(name));
  }

  /** The folder of gocryptfs vectors. */
  static Path vectors() {
    Path folder = Path.of(System.getProperty("unsealfs.vectors", "no-vectors"), "gocryptfs");
    if (!Files.isDirectory(folder)) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("test vectors missing: " + folder);
      }
      assumeTrue(false, "test vectors missing: " + folder);
    }
    return folder;
  }

  private static void add(MemoryTree tree, TarEntry entry) {
    String[] parts = entry.path().split("/", -1);
    MemoryTree.Item parent = tree.rootItem();
    int last = parts.length - (entry.type() == '5' ? 2 : 1);
    for (int i = 1; i < last; i++) {
      parent = child(parent, parts[i]);
    }
    MemoryTree.Item item = tree.rootItem();
    if (last > 0) {
      item = entry.type() == '1' ? find(tree, entry.link()) : item(tree, entry);
      parent.children.put(name(parts[last]), item);
    }
    for (Map.Entry<String, String> header : entry.headers().entrySet()) {
      if (header.getKey().startsWith(XATTR_HEADER + "user.gocryptfs.")) {
        item.xattrs.put(
            name(header.getKey().substring(XATTR_HEADER.length())), bytes(header.getValue()));
      }
    }
  }

  private static MemoryTree.Item item(MemoryTree tree, TarEntry entry) {
    return switch (entry.type()) {
      case '2' -> tree.item(NodeKind.SYMLINK, bytes(entry.link()));
      case '5' -> tree.item(NodeKind.DIRECTORY, new byte[0]);
      case '6' -> tree.item(NodeKind.FIFO, new byte[0]);
      default -> tree.item(NodeKind.FILE, entry.content());
    };
  }

  private static Name name(String text) {
    return Name.of(bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static MemoryTree.Item find(MemoryTree tree, String path) {
    MemoryTree.Item item = tree.rootItem();
    String[] parts = path.split("/", -1);
    for (int i = 1; i < parts.length; i++) {
      item = child(item, parts[i]);
    }
    return item;
  }

  private static MemoryTree.Item child(MemoryTree.Item parent, String name) {
    MemoryTree.Item item = parent.children.get(name(name));
    if (item == null) {
      throw new AssertionError("archive names " + name + " before its directory");
    }
    return item;
  }

  private static byte[] masterKey(String volume) throws IOException {
    try (JsonParser json =
        new JsonFactory().createParser(Files.readAllBytes(vectors().resolve("manifest.json")))) {
      boolean found = false;
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.VALUE_STRING && "volume".equals(json.currentName())) {
          found = volume.equals(json.getText());
        } else if (found
            && token == JsonToken.VALUE_STRING
            && "masterkey_hex".equals(json.currentName())) {
          return HexFormat.of().parseHex(json.getText());
        }
      }
    }
    throw new AssertionError("no vector volume " + volume);
  }

  /** Opens it with its master key. */
  Volume open() throws IOException {
    return open(tree);
  }

  /** Opens {@code ciphertext} with this volume's master key. */
  Volume open(FileTree ciphertext) throws IOException {
    try (VolumeKey key = new VolumeKey.RawKey(LockedMemory.copyOf(masterKey))) {
      return new GocryptfsFormat().open(ciphertext, key, context());
    }
  }

  /** Opens {@code ciphertext} with the passphrase of all vectors. */
  static Volume openWithPassphrase(FileTree ciphertext) throws IOException {
    try (VolumeKey key = new VolumeKey.Passphrase(LockedMemory.copyOf(PASSPHRASE))) {
      return new GocryptfsFormat().open(ciphertext, key, context());
    }
  }

  /** A small cache, low limits, nobody to be warned. */
  static VolumeContext context() {
    return new VolumeContext(new BlockCache(1 << 20, EXTENT_SIZE), SMALL_LIMITS, warning -> {});
  }
}
