package io.unsealfs.volume.ext4;

import io.unsealfs.block.BlockCache;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** Images of the shared vectors, and how tests open them. */
final class Image {
  static final List<String> NAMES =
      List.of(
          "ext2-rev0",
          "ext2-1k",
          "ext2-4k-nofiletype",
          "ext3-4k",
          "ext4-1k",
          "ext4-2k-nojournal-nocsum",
          "ext4-4k",
          "ext4-inline",
          "ext4-bigalloc",
          "ext4-metabg",
          "ext4-dirty");

  private Image() {}

  /** All bytes of the vector image of that name. */
  static byte[] vector(String name) throws IOException {
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(Vectors.path("ext4/" + name + ".img.gz")))) {
      return in.readAllBytes();
    }
  }

  static Json manifest(String name) {
    return Vectors.json("ext4/" + name + ".json.gz");
  }

  static VolumeContext context(Consumer<String> warnings) {
    return new VolumeContext(
        new BlockCache(1 << 20, 128 << 10), new VolumeLimits(1 << 20, 1 << 20), warnings);
  }

  static Volume open(byte[] image) throws IOException {
    return open(new MemoryDevice(image), JournalMode.REPLAY);
  }

  static Volume open(Source device, JournalMode mode) throws IOException {
    return Ext4FileSystem.open(device, new Ext4Options(mode), context(warning -> {}));
  }

  /** The node at a path below the root. */
  static Node find(FileTree tree, String path) throws IOException {
    Node node = tree.root();
    for (String name : path.split("/", -1)) {
      if (!name.isEmpty()) {
        node = tree.lookup(node, Name.of(name));
      }
    }
    return node;
  }

  static byte[] content(FileTree tree, Node file) throws IOException {
    try (Source source = tree.open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(source.size()));
      source.read(0, bytes);
      if (bytes.hasRemaining()) {
        throw new AssertionError("short read");
      }
      return bytes.array();
    }
  }

  /**
   * Walks the whole tree and touches everything once; damage is skipped.
   *
   * @return how many nodes were reached
   */
  static int walk(FileTree tree, int contentLimit) throws IOException {
    return walk(tree, tree.root(), contentLimit, 0);
  }

  private static int walk(FileTree tree, Node node, int contentLimit, int depth)
      throws IOException {
    int count = 1;
    attempt(() -> {
      for (Name name : tree.listXattrs(node)) {
        tree.xattr(node, name);
      }
    });
    switch (node.kind()) {
      case FILE -> attempt(() -> beginning(tree, node, contentLimit));
      case SYMLINK -> attempt(() -> tree.readLink(node));
      case DIRECTORY -> {
        List<DirectoryEntry> entries;
        try {
          entries = tree.list(node);
        } catch (IOException e) {
          return count;
        }
        for (DirectoryEntry entry : entries) {
          Node child;
          try {
            child = tree.lookup(node, entry.name());
          } catch (IOException e) {
            continue;
          }
          count += walk(tree, child, contentLimit, depth + 1);
        }
      }
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
    }
    return count;
  }

  private static void beginning(FileTree tree, Node file, int limit) throws IOException {
    try (Source source = tree.open(file)) {
      source.read(0, ByteBuffer.allocate(limit));
      source.read(Math.max(0, source.size() - limit), ByteBuffer.allocate(limit));
    }
  }

  interface Step {
    void run() throws IOException;
  }

  private static void attempt(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      String message = e.getMessage();
      if (message == null || message.isEmpty() || message.contains("\n")) {
        throw new AssertionError("bad message", e);
      }
    }
  }

  static NodeKind kind(String word) {
    return switch (word) {
      case "file" -> NodeKind.FILE;
      case "dir" -> NodeKind.DIRECTORY;
      case "symlink" -> NodeKind.SYMLINK;
      case "fifo" -> NodeKind.FIFO;
      case "chr" -> NodeKind.CHARACTER_DEVICE;
      case "blk" -> NodeKind.BLOCK_DEVICE;
      case "sock" -> NodeKind.SOCKET;
      default -> throw new AssertionError(word);
    };
  }
}
