package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The files of an ext2, ext3 or ext4 file system. Closing it closes the device. */
final class Ext4Tree implements FileTree {
  /** Deeper than any path can name. */
  static final int MAX_DEPTH = 4096;

  private final OpenedFileSystem opened;
  private final Ext4Node root;

  /** The tree of {@code opened}; its root has been checked to be a directory. */
  Ext4Tree(OpenedFileSystem opened, Inode root) throws IntegrityException {
    this.opened = opened;
    this.root = new Ext4Node(this, null, root.attributes());
  }

  @Override
  public Node root() {
    return root;
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    Ext4Node parent = ownDirectory(directory);
    if (name.length() > NAME_MAX) {
      throw new NameTooLongException(parent.location() + ": a name of " + name.length() + " bytes");
    }
    DirectoryContents entries = entries(parent);
    int index = entries.find(name);
    if (index < 0) {
      throw new NoSuchFileException(parent.location() + ": no such entry");
    }
    return child(parent, entries.inode(index));
  }

  private Ext4Node child(Ext4Node parent, long number) throws IOException {
    Inode inode = opened.inodes().read(number);
    inode.requireInUse();
    Ext4Node node = new Ext4Node(this, parent, inode.attributes());
    if (node.kind() == NodeKind.DIRECTORY) {
      if (parent.isBelow(number)) {
        throw inode.damaged("it is a directory that lies below itself");
      }
      if (node.depth() > MAX_DEPTH) {
        throw inode.damaged("it lies below more than " + MAX_DEPTH + " directories");
      }
    }
    return node;
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    DirectoryContents contents = entries(ownDirectory(directory));
    List<DirectoryEntry> list = new ArrayList<>(contents.count());
    for (int i = 0; i < contents.count(); i++) {
      long inode = contents.inode(i);
      list.add(new DirectoryEntry(contents.name(i), kind(contents.type(i), inode), inode));
    }
    // so that who looks up one after the other walks through the inode tables
    list.sort(Comparator.comparingLong(DirectoryEntry::fileId));
    return list;
  }

  private NodeKind kind(int type, long inode) throws IOException {
    return switch (type) {
      case 1 -> NodeKind.FILE;
      case 2 -> NodeKind.DIRECTORY;
      case 3 -> NodeKind.CHARACTER_DEVICE;
      case 4 -> NodeKind.BLOCK_DEVICE;
      case 5 -> NodeKind.FIFO;
      case 6 -> NodeKind.SOCKET;
      case 7 -> NodeKind.SYMLINK;
      default -> storedKind(inode);
    };
  }

  /** One damaged inode must not take the listing with it: whoever looks it up meets the damage. */
  private NodeKind storedKind(long inode) throws IOException {
    try {
      return opened.inodes().read(inode).kind();
    } catch (IntegrityException e) {
      return NodeKind.FILE;
    }
  }

  private DirectoryContents entries(Ext4Node directory) throws IOException {
    DirectoryContents entries = opened.directories().cached(directory.inode());
    if (entries == null) {
      entries = opened.directories().read(inode(directory, NodeKind.DIRECTORY));
    }
    if (entries.parent() != directory.parentInode()) {
      throw new IntegrityException(
          directory.location() + ": it is a directory with another parent than the one it is in");
    }
    return entries;
  }

  @Override
  public Source open(Node file) throws IOException {
    Ext4Node node = own(file);
    if (node.kind() != NodeKind.FILE) {
      throw new IllegalNodeException(node.location() + ": not a regular file");
    }
    return opened.contents().open(inode(node, NodeKind.FILE));
  }

  @Override
  public Name readLink(Node link) throws IOException {
    Ext4Node node = own(link);
    if (node.kind() != NodeKind.SYMLINK) {
      throw new IllegalNodeException(node.location() + ": not a symbolic link");
    }
    return SymbolicLinks.target(inode(node, NodeKind.SYMLINK), opened.contents());
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    Ext4Node own = own(node);
    return opened.attributes().names(inode(own, own.kind()));
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    Ext4Node own = own(node);
    return opened.attributes().value(inode(own, own.kind()), name);
  }

  /** Reads the inode again; the node does not hold it. */
  private Inode inode(Ext4Node node, NodeKind kind) throws IOException {
    Inode inode = opened.inodes().read(node.inode());
    inode.requireInUse();
    if (inode.kind() != kind) {
      throw inode.damaged("it changed its type while it was mounted");
    }
    return inode;
  }

  /** True: what is opened is found in caches of its own, and the device notices its own changes. */
  @Override
  public boolean opensShowNothingNew() {
    return true;
  }

  /** True: inodes lie together in tables, and a listing goes through them in order. */
  @Override
  public boolean lookupsAreCheap() {
    return true;
  }

  @Override
  public Statistics statistics() {
    Superblock superblock = opened.superblock();
    return new Statistics(
        superblock.blockSize(),
        superblock.blocks(),
        Math.clamp(superblock.freeBlocks(), 0, superblock.blocks()),
        superblock.inodes(),
        Math.clamp(superblock.freeInodes(), 0, superblock.inodes()));
  }

  @Override
  public void close() throws IOException {
    opened.close();
  }

  private Ext4Node ownDirectory(Node node) throws IOException {
    Ext4Node own = own(node);
    if (own.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(own.location());
    }
    return own;
  }

  private Ext4Node own(Node node) throws IllegalNodeException {
    if (node instanceof Ext4Node own && own.isOf(this)) {
      return own;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }
}
