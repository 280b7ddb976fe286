package io.unsealfs.mount;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StorageException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@link NodeAdapter} for transports that name files by path. Paths are bytes: {@code /} or {@code
 * /a/b}. Every method is to be called inside {@link Guard#answer}, which makes an errno of whatever
 * is thrown. Thread-safe.
 */
public final class FuseAdapter implements Closeable {
  private final NodeAdapter nodes;
  private final PathResolver paths;
  private final ConcurrentHashMap<Long, OpenDirectory> directories = new ConcurrentHashMap<>();
  private final AtomicLong lastDirectory = new AtomicLong();

  private record OpenDirectory(Node node, PathText path) {}

  /** Takes the entries of a directory one by one. */
  @FunctionalInterface
  public interface EntrySink {
    /** Returns false when it can take no more. */
    boolean entry(byte[] name, int typeBits, long fileId);
  }

  /** An adapter that shows {@code tree}, which stays the caller's to close. */
  public FuseAdapter(FileTree tree, MountOptions options) {
    this.nodes = new NodeAdapter(tree, options);
    this.paths = new PathResolver(tree);
  }

  /** As {@link NodeAdapter#gate}. */
  public Gate gate() {
    return nodes.gate();
  }

  /** What stat(2) is to show. */
  public Attributes getattr(Request request, byte[] path) throws IOException {
    return nodes.attributes(node(request, path), path.length == 1);
  }

  /** The file type bits of {@code st_mode} for these attributes. */
  public static int typeBits(NodeKind kind) {
    return NodeAdapter.typeBits(kind);
  }

  /** The target of a symbolic link. */
  public byte[] readlink(Request request, byte[] path) throws IOException {
    return nodes.readlink(node(request, path));
  }

  /** Opens a regular file and returns its handle. */
  public long open(Request request, byte[] path) throws IOException {
    return nodes.open(node(request, path), PathText.of(path));
  }

  /** As {@link NodeAdapter#read}. */
  public int read(Request request, long handle, long offset, ByteBuffer dst) throws IOException {
    return nodes.read(request, handle, offset, dst);
  }

  /** Closes an open file. */
  public void release(Request request, long handle) throws IOException {
    nodes.release(request, handle);
  }

  /** Opens a directory and returns its handle, a number of its own series. */
  public long opendir(Request request, byte[] path) throws IOException {
    Node node = node(request, path);
    NodeAdapter.requireDirectory(node);
    long handle = lastDirectory.incrementAndGet();
    directories.put(handle, new OpenDirectory(node, PathText.of(path)));
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
    request.about(directory.node(), directory.path());
    List<DirectoryEntry> entries = nodes.list(directory.node());
    int type = typeBits(NodeKind.DIRECTORY);
    long own = directory.node().attributes().fileId();
    boolean room =
        sink.entry(new byte[] {'.'}, type, own) && sink.entry(new byte[] {'.', '.'}, type, own);
    for (DirectoryEntry entry : entries) {
      room = room && sink.entry(entry.name().toBytes(), typeBits(entry.kind()), entry.fileId());
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
    return nodes.getxattr(node(request, path), Name.of(name));
  }

  /** As {@link NodeAdapter#listxattr}. */
  public byte[] listxattr(Request request, byte[] path) throws IOException {
    return nodes.listxattr(node(request, path), true);
  }

  /** Figures for statfs(2). */
  public FileTree.Statistics statfs() throws IOException {
    return nodes.statfs();
  }

  /** Number of open files. */
  public int openFiles() {
    return nodes.openFiles();
  }

  /** Releases everything still open. The tree stays open. */
  @Override
  public void close() throws IOException {
    directories.clear();
    paths.clear();
    nodes.close();
  }

  private Node node(Request request, byte[] path) throws IOException {
    PathText text = PathText.of(path);
    request.path(text);
    Node node = paths.resolve(path);
    request.about(node, text);
    return node;
  }
}
