package io.unsealfs.fuzz;

import io.unsealfs.block.BlockCache;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.ext4.Ext4FileSystem;
import io.unsealfs.volume.ext4.Ext4Options;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * ext4 metadata. An input is a list of patches to a small image: place in steps of four bytes
 * (three bytes), length (one byte), bytes. Most images have no checksums of metadata, so that
 * patches get past them; the whole tree is walked, beginnings and ends of content are read, and a
 * check is made.
 */
final class Ext4Target implements FuzzTarget {
  private static final int UNIT = 4;
  private static final int CONTENT = 4 << 10;
  private static final int SUPERBLOCK = 1024;
  private static final int MAX_NODES = 5000;

  private final String name;
  private final byte[] image;
  private final List<byte[]> corpus = new ArrayList<>();

  /**
   * The image of the shared vectors of that name.
   *
   * @param corpusSize valid inputs: fewer where a walk of the image takes longer
   */
  Ext4Target(String name, int corpusSize) throws IOException {
    this.name = name;
    Path file =
        Path.of(System.getProperty("unsealfs.vectors", "no-vectors"))
            .resolve("ext4/" + name + ".img.gz");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(file), "the shared vectors " + file);
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      this.image = in.readAllBytes();
    }
    // what metadata there is, so that mutations begin from what makes sense
    List<byte[]> all = new ArrayList<>();
    for (int at = SUPERBLOCK; at < image.length; at += 128) {
      if (image[at] != 0) {
        all.add(patch(at, Arrays.copyOfRange(image, at, at + 64)));
      }
    }
    for (int i = 0; i < corpusSize; i++) {
      corpus.add(all.get((int) ((long) i * all.size() / corpusSize)));
    }
  }

  private static byte[] patch(int at, byte[] bytes) {
    byte[] patch = new byte[4 + bytes.length];
    ByteBuffer.wrap(patch).putInt((at / UNIT) << 8 | bytes.length).put(bytes);
    return patch;
  }

  @Override
  public String name() {
    return "ext4-" + name;
  }

  @Override
  public List<byte[]> corpus() {
    return corpus;
  }

  @Override
  public List<byte[]> words() {
    return List.of(
        new byte[] {0x0a, (byte) 0xf3},
        new byte[] {0, 0, 2, (byte) 0xea},
        new byte[] {(byte) 0xc0, 0x3b, 0x39, (byte) 0x98},
        patch(SUPERBLOCK + 0x60, new byte[] {0x46, 0, 0, 0}),
        patch(SUPERBLOCK, new byte[] {0, 0, 1, 0}));
  }

  @Override
  public long allocationLimit() {
    return 128 << 20;
  }

  @Override
  public void feed(byte[] input) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(input);
    Deque<Runnable> undo = new ArrayDeque<>();
    while (in.remaining() > 4) {
      int head = in.getInt();
      int at = (int) ((long) (head >>> 8) * UNIT % image.length);
      int length = Math.min(Math.min(head & 0xff, in.remaining()), image.length - at);
      byte[] before = Arrays.copyOfRange(image, at, at + length);
      undo.push(() -> System.arraycopy(before, 0, image, at, length));
      in.get(image, at, length);
    }
    try (Volume volume =
        Ext4FileSystem.open(
            new Device(image),
            Ext4Options.DEFAULT,
            new VolumeContext(
                new BlockCache(1 << 20, 128 << 10), CipherVolume.SMALL_LIMITS, warning -> {}))) {
      walk(volume.tree());
      volume.check(finding -> {}, bytes -> {});
    } finally {
      undo.forEach(Runnable::run);
    }
  }

  /** A damaged node costs itself; the last damage is thrown in the end, as the refusal it is. */
  private static void walk(FileTree tree) throws IOException {
    IOException damage = null;
    Deque<Node> pending = new ArrayDeque<>();
    pending.push(tree.root());
    for (int nodes = 0; !pending.isEmpty() && nodes < MAX_NODES; nodes++) {
      Node node = pending.pop();
      try {
        look(tree, node);
        if (node.kind() == NodeKind.DIRECTORY) {
          for (DirectoryEntry entry : tree.list(node)) {
            try {
              pending.push(tree.lookup(node, entry.name()));
            } catch (IOException e) {
              damage = e;
            }
          }
        }
      } catch (IOException e) {
        damage = e;
      }
    }
    if (damage != null) {
      throw damage;
    }
  }

  private static void look(FileTree tree, Node node) throws IOException {
    for (Name attribute : tree.listXattrs(node)) {
      byte[] _ = tree.xattr(node, attribute);
    }
    if (node.kind() == NodeKind.SYMLINK) {
      Name _ = tree.readLink(node);
    } else if (node.kind() == NodeKind.FILE) {
      try (Source source = tree.open(node)) {
        ByteBuffer content = ByteBuffer.allocate(CONTENT);
        source.read(0, content);
        source.read(Math.max(0, source.size() - CONTENT), content.clear());
      }
    }
  }

  private record Device(@SuppressWarnings("ArrayRecordComponent") byte[] bytes) implements Source {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public int read(long offset, ByteBuffer dst) {
      int length = (int) Math.min(dst.remaining(), Math.max(0, bytes.length - offset));
      if (length > 0) {
        dst.put(bytes, (int) offset, length);
      }
      return length;
    }

    @Override
    public void close() {}
  }
}
