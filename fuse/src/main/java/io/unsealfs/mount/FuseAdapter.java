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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Turns FUSE operations into calls of a {@link FileTree} and its {@link Source}s, for transports
 * that name files by path. Paths are bytes: {@code /} or {@code /a/b}. Every method is to be called
 * inside {@link Guard#answer}, which makes an errno of whatever is thrown. Thread-safe.
 */
public final class FuseAdapter implements Closeable {
  private final FileTree tree;
  private final PathResolver paths;
  private final AttributeView view;
  private final OpenFiles files = new OpenFiles();
  private final ConcurrentHashMap<Long, OpenDirectory> directories = new ConcurrentHashMap<>();
  private final AtomicLong lastDirectory = new AtomicLong();

  private record OpenDirectory(Node node, Name path) {}

  /** Takes the entries of a directory one by one. */
  @FunctionalInterface
  public interface EntrySink {
    /** Returns false when it can take no more. */
    boolean entry(byte[] name, int typeBits, long fileId);
  }

  /** An adapter that shows {@code tree}, which stays the caller's to close. */
  public FuseAdapter(FileTree tree, MountOptions options) {
    this.tree = tree;
    this.paths = new PathResolver(tree);
    this.view = new AttributeView(options);
  }

  /** What stat(2) is to show. */
  public Attributes getattr(Request request, byte[] path) throws IOException {
    Attributes stored = node(request, path).attributes();
    return path.length == 1 ? view.ofRoot(stored) : view.of(stored);
  }

  /** The file type bits of {@code st_mode} for these attributes. */
  public static int typeBits(NodeKind kind) {
    return AttributeView.typeBits(kind);
  }

  /** The target of a symbolic link. */
  public byte[] readlink(Request request, byte[] path) throws IOException {
    Node node = node(request, path);
    if (node.kind() != NodeKind.SYMLINK) {
      throw new IllegalNodeException("not a symbolic link: " + node.location());
    }
    return tree.readLink(node).toBytes();
  }

  /** Opens a regular file and returns its handle. */
  public long open(Request request, byte[] path) throws IOException {
    Node node = node(request, path);
    if (node.kind() != NodeKind.FILE) {
      throw new IllegalNodeException("not a regular file: " + node.location());
    }
    return files.add(tree.open(node), node, Name.of(path));
  }

  /**
   * Reads from an open file.
   *
   * @param offset first byte
   * @param dst filled from its position; as many bytes as it has room for are wanted
   * @return bytes read, fewer than wanted only at the end of the file; or a negative errno
   */
  public int read(Request request, long handle, long offset, ByteBuffer dst) throws IOException {
    OpenFile file = files.acquire(handle);
    if (file == null) {
      return -Errno.EBADF;
    }
    try {
      request.path(file.path());
      request.node(file.node());
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

  /** Closes an open file. */
  public void release(Request request, long handle) throws IOException {
    OpenFile file = files.acquire(handle);
    if (file == null) {
      return;
    }
    try {
      request.path(file.path());
      request.node(file.node());
      files.release(handle);
    } finally {
      file.release();
    }
  }

  /** Opens a directory and returns its handle, a number of its own series. */
  public long opendir(Request request, byte[] path) throws IOException {
    Node node = node(request, path);
    if (node.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(node.location());
    }
    long handle = lastDirectory.incrementAndGet();
    directories.put(handle, new OpenDirectory(node, Name.of(path)));
    return handle;
  }

  /**
   * Lists an open directory, {@code .} and {@code ..} first.
   *
   * @return 0 or a negative errno
   */
  public int readdir(Request request, long handle, EntrySink sink) throws IOException {
    OpenDirectory directory = directories.get(handle);
    if (directory == null) {
      return -Errno.EBADF;
    }
    request.path(directory.path());
    request.node(directory.node());
    List<DirectoryEntry> entries = tree.list(directory.node());
    int type = AttributeView.typeBits(NodeKind.DIRECTORY);
    long own = directory.node().attributes().fileId();
    boolean room =
        sink.entry(new byte[] {'.'}, type, own) && sink.entry(new byte[] {'.', '.'}, type, own);
    for (DirectoryEntry entry : entries) {
      byte[] name = entry.name().toBytes();
      requireEntryName(name, directory.node());
      room = room && sink.entry(name, AttributeView.typeBits(entry.kind()), entry.fileId());
    }
    if (!room) {
      throw new StorageException("directory too large to list: " + directory.node().location());
    }
    return 0;
  }

  /** Closes an open directory. */
  public void releasedir(long handle) {
    directories.remove(handle);
  }

  /** Value of an extended attribute. */
  public byte[] getxattr(Request request, byte[] path, byte[] name) throws IOException {
    return tree.xattr(node(request, path), Name.of(name));
  }

  /** Names of all extended attributes, each ended by a NUL, as listxattr(2) hands them out. */
  public byte[] listxattr(Request request, byte[] path) throws IOException {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    for (Name name : tree.listXattrs(node(request, path))) {
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
    directories.clear();
    paths.clear();
    files.closeAll();
  }

  private Node node(Request request, byte[] path) throws IOException {
    request.path(Name.of(path));
    Node node = paths.resolve(path);
    request.node(node);
    return node;
  }

  /** A name that the kernel would cut short or take for a path must not reach it. */
  private static void requireEntryName(byte[] name, Node directory) throws StorageException {
    boolean fits = name.length > 0 && name.length <= FileTree.NAME_MAX;
    for (byte b : name) {
      fits &= b != 0 && b != '/';
    }
    if (!fits) {
      throw new StorageException("impossible entry name in directory " + directory.location());
    }
  }
}
