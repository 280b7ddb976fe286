package io.unsealfs.volume.raw;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.function.LongPredicate;

/** A directory with the device in it as a file. */
final class RawTree implements FileTree {
  private static final Name FILE = Name.of(RawImage.FILE_NAME);
  private static final int BLOCK_SIZE = 4096;

  private final Source device;
  private final Node root;
  private final Node file;

  RawTree(Source device) {
    this.device = device;
    this.root = node(NodeKind.DIRECTORY, 1, 0, 0555, 2, ".");
    this.file = node(NodeKind.FILE, 2, device.size(), 0444, 1, RawImage.FILE_NAME);
  }

  private static Node node(
      NodeKind kind, long id, long size, int mode, int links, String location) {
    long blocks = Math.ceilDiv(size, 512L);
    return new RawNode(
        new Attributes(kind, id, size, blocks, mode, 0, 0, links, 0, 0, 0), location);
  }

  private record RawNode(Attributes attributes, String location) implements Node {}

  @Override
  public Node root() {
    return root;
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    requireDirectory(directory);
    if (name.toBytes().length > NAME_MAX) {
      throw new NameTooLongException(name + ": longer than " + NAME_MAX + " bytes");
    }
    if (!name.equals(FILE)) {
      throw new NoSuchFileException(name.toString());
    }
    return file;
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    requireDirectory(directory);
    return List.of(new DirectoryEntry(FILE, NodeKind.FILE, file.attributes().fileId()));
  }

  private static void requireDirectory(Node node) throws NotDirectoryException {
    if (node.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(node.location());
    }
  }

  @Override
  public Source open(Node opened) throws IOException {
    if (opened.kind() != NodeKind.FILE) {
      throw new IllegalNodeException(opened.location() + ": not a regular file");
    }
    return new Handle(device);
  }

  /** The device, which outlives those who have it open. */
  private record Handle(Source device) implements Source {
    @Override
    public long size() {
      return device.size();
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      return device.read(offset, dst);
    }

    @Override
    public boolean willNeed(long offset, long length) {
      return device.willNeed(offset, length);
    }

    @Override
    public void doneWith(long offset, long length) {
      device.doneWith(offset, length);
    }

    @Override
    public boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
      return device.preload(offset, length, goOn);
    }

    @Override
    public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
      return device.warm(offset, length, goOn);
    }

    @Override
    public void close() {}
  }

  @Override
  public Name readLink(Node link) throws IOException {
    throw new IllegalNodeException(link.location() + ": not a symbolic link");
  }

  @Override
  public List<Name> listXattrs(Node node) {
    return List.of();
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    throw new NoSuchAttributeException(node.location() + ": no attribute " + name);
  }

  @Override
  public boolean opensShowNothingNew() {
    return true;
  }

  @Override
  public Statistics statistics() {
    return new Statistics(BLOCK_SIZE, Math.ceilDiv(device.size(), (long) BLOCK_SIZE), 0, 2, 0);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
