package io.unsealfs.mount;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NotDirectoryException;
import java.util.List;

/**
 * Turns FUSE operations on nodes into calls of a {@link FileTree} and its {@link Source}s: what
 * every transport needs, however it names files. Every method is to be called inside {@link
 * Guard#answer}, which makes an errno of whatever is thrown; the {@link Request} is told what it is
 * about first. Thread-safe.
 */
public final class NodeAdapter implements Closeable {
  private static final Name TRUSTED = Name.of("trusted.");
  private final FileTree tree;
  private final AttributeView view;
  private final Validity validity;
  private final OpenFiles files = new OpenFiles();
  private final Gate gate = new Gate();

  /** An adapter that shows {@code tree}, which stays the caller's to close. */
  public NodeAdapter(FileTree tree, MountOptions options) {
    this.tree = tree;
    this.view = new AttributeView(options);
    this.validity = options.validity();
  }

  /** What {@link #open} and {@link #read} ask first. */
  public Gate gate() {
    return gate;
  }

  /** For how long the kernel may go by the answers. */
  public Validity validity() {
    return validity;
  }

  /** The root directory. */
  public Node root() throws IOException {
    return tree.root();
  }

  /** The entry {@code name} of {@code directory}. */
  public Node lookup(Node directory, Name name) throws IOException {
    return tree.lookup(directory, name);
  }

  /** What stat(2) is to show of a node. */
  public Attributes attributes(Node node, boolean isRoot) {
    Attributes stored = node.attributes();
    return isRoot ? view.ofRoot(stored) : view.of(stored);
  }

  /** The file type bits of {@code st_mode} for these attributes. */
  public static int typeBits(NodeKind kind) {
    return AttributeView.typeBits(kind);
  }

  /** The target of a symbolic link. */
  public byte[] readlink(Node node) throws IOException {
    if (node.kind() != NodeKind.SYMLINK) {
      throw new IllegalNodeException("not a symbolic link: " + node.location());
    }
    return tree.readLink(node).toBytes();
  }

  /** Opens a regular file and returns its handle, {@code > 0}. */
  public long open(Node node, PathText path) throws IOException {
    if (node.kind() != NodeKind.FILE) {
      throw new IllegalNodeException("not a regular file: " + node.location());
    }
    gate.open();
    return files.add(tree.open(node), node, path);
  }

  /**
   * Reads from an open file.
   *
   * @param offset first byte
   * @param dst filled from its position; as many bytes as it has room for are wanted
   * @return bytes read, fewer than wanted only at the end of the file; or a negative errno
   */
  public int read(Request request, long handle, long offset, ByteBuffer dst) throws IOException {
    gate.read();
    OpenFile file = files.acquire(handle);
    if (file == null) {
      return -Errno.EBADF;
    }
    try {
      request.about(file.node(), file.path());
      if (offset < 0) {
        return -Errno.EINVAL;
      }
      int wanted = dst.remaining();
      int got = file.source().read(offset, dst);
      long due = Math.clamp(file.source().size() - offset, 0L, (long) wanted);
      if (got != due) {
        // The kernel would take a short answer for the end of the file and show zeros.
        throw new IllegalStateException("source gave " + got + " bytes of " + due);
      }
      return got;
    } finally {
      file.release();
    }
  }

  /** Closes an open file; does nothing for a handle that is not open. */
  public void release(Request request, long handle) throws IOException {
    OpenFile file = files.acquire(handle);
    if (file == null) {
      return;
    }
    try {
      request.about(file.node(), file.path());
      files.release(handle);
    } finally {
      file.release();
    }
  }

  /** Closes an open file outside of a request. */
  public void release(long handle) throws IOException {
    files.release(handle);
  }

  /**
   * All entries of a directory without {@code .} and {@code ..}; each name is one the kernel takes.
   */
  public List<DirectoryEntry> list(Node directory) throws IOException {
    requireDirectory(directory);
    List<DirectoryEntry> entries = tree.list(directory);
    for (DirectoryEntry entry : entries) {
      requireEntryName(entry.name(), directory);
    }
    return entries;
  }

  /** Refuses what is no directory. */
  public static void requireDirectory(Node node) throws NotDirectoryException {
    if (node.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(node.location());
    }
  }

  /** Value of an extended attribute. */
  public byte[] getxattr(Node node, Name name) throws IOException {
    return tree.xattr(node, name);
  }

  /**
   * Names of extended attributes, each ended by a NUL, as listxattr(2) hands them out.
   *
   * @param trusted whether those that only the super-user may see are among them; their values the
   *     kernel itself denies everybody else
   */
  public byte[] listxattr(Node node, boolean trusted) throws IOException {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (Name name : tree.listXattrs(node)) {
      if (!trusted && name.startsWith(TRUSTED)) {
        continue;
      }
      names.writeBytes(name.toBytes());
      names.write(0);
    }
    return names.toByteArray();
  }

  /** Figures for statfs(2). */
  public FileTree.Statistics statfs() throws IOException {
    return tree.statistics();
  }

  /** Number of open files. */
  public int openFiles() {
    return files.size();
  }

  /** Releases everything still open. The tree stays open. */
  @Override
  public void close() throws IOException {
    files.closeAll();
  }

  /** A name that the kernel would cut short or take for a path must not reach it. */
  private static void requireEntryName(Name name, Node directory) throws StorageException {
    boolean fits = name.length() > 0 && name.length() <= FileTree.NAME_MAX;
    for (int i = 0; fits && i < name.length(); i++) {
      fits = name.at(i) != 0 && name.at(i) != '/';
    }
    if (!fits) {
      throw new StorageException("impossible entry name in directory " + directory.location());
    }
  }
}
