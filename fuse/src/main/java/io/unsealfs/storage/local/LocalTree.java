package io.unsealfs.storage.local;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.DirectoryReader;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.ExtendedAttributes;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.FileSystemStatus;
import io.unsealfs.os.PathOpener;
import io.unsealfs.os.PathOpener.Access;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A local directory as a {@link FileTree}. The root may be reached through symbolic links, below it
 * none is followed. It is held open from the start: the tree goes on reading it when something is
 * mounted over it.
 *
 * <p>What lies in the directory is not trusted: nothing but a regular file is ever read, opening
 * never waits, and a file that is changed or replaced after it was first seen is refused with
 * {@link io.unsealfs.storage.StaleSourceException} (see {@link Ledger}). The file id of a regular
 * file therefore stands for one version of its bytes as long as the tree is open.
 */
public final class LocalTree implements FileTree {
  /** Longest path below the root in bytes, far beyond what anybody nests. */
  private static final int MAX_PATH_BYTES = 1 << 20;

  /** Most entries of one directory. */
  private static final int MAX_ENTRIES = 1 << 20;

  private static final byte[] ROOT_PATH = {};

  private final Descriptor root;
  private final PathOpener opener;
  private final FileIds ids;
  private final Ledger ledger = new Ledger();
  private final HeldDirectories directories;

  private LocalTree(Descriptor root, PathOpener opener, FileIds ids) {
    this.root = root;
    this.opener = opener;
    this.directories = new HeldDirectories(root, opener);
    this.ids = ids;
  }

  /**
   * Opens the directory {@code root}.
   *
   * @throws NoSuchFileException if it is not there
   * @throws NotDirectoryException if it is something else
   */
  public static LocalTree open(Path root) throws IOException {
    // The charset the JDK itself uses between a Path and the kernel.
    String charset = System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name());
    return open(root.toString().getBytes(Charset.forName(charset)));
  }

  /** As {@link #open(Path)}, for a path that is no valid text. */
  public static LocalTree open(byte[] root) throws IOException {
    return open(root, PathOpener.best());
  }

  static LocalTree open(byte[] path, PathOpener opener) throws IOException {
    try {
      Descriptor root = PathOpener.openRoot(path.length == 0 ? new byte[] {'.'} : path);
      try {
        return new LocalTree(root, opener, new FileIds(FileStatus.of(root).device()));
      } catch (SystemCallException e) {
        root.close();
        throw e;
      }
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, LocalNode.location(path));
    }
  }

  @Override
  public Node root() throws IOException {
    try {
      return node(ROOT_PATH, FileStatus.of(root));
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, LocalNode.location(ROOT_PATH));
    }
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    LocalNode parent = own(directory);
    requireDirectory(parent);
    byte[] bytes = name.toBytes();
    if (bytes.length > NAME_MAX) {
      throw new NameTooLongException(name + ": longer than " + NAME_MAX + " bytes");
    }
    byte[] path = parent.child(bytes);
    if (!isEntryName(bytes)) {
      throw new NoSuchFileException(LocalNode.location(path));
    }
    if (path.length > MAX_PATH_BYTES) {
      throw new NameTooLongException(
          parent.location() + ": path longer than " + MAX_PATH_BYTES + " bytes");
    }
    try {
      return node(path, directories.statusOf(parent.path(), bytes));
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, LocalNode.location(path));
    }
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    LocalNode node = own(directory);
    requireDirectory(node);
    try (Descriptor handle = opener.open(root, node.path(), Access.DIRECTORY)) {
      long device = FileStatus.of(handle).device();
      List<DirectoryReader.Entry> found = DirectoryReader.list(handle, MAX_ENTRIES);
      List<DirectoryEntry> entries = new ArrayList<>(found.size());
      for (DirectoryReader.Entry entry : found) {
        if (!isEntryName(entry.name())) {
          throw new StorageException(node.location() + ": lists an entry that cannot be a name");
        }
        entries.add(
            new DirectoryEntry(
                Name.of(entry.name()),
                LocalAttributes.kind(entry.type(), node.location()),
                ids.of(device, entry.inode())));
      }
      return entries;
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.ERANGE) {
        throw new StorageException(
            node.location() + ": directory has more than " + MAX_ENTRIES + " entries", e);
      }
      throw LocalErrors.translate(e, node.location());
    }
  }

  @Override
  public Source open(Node file) throws IOException {
    LocalNode node = own(file);
    requireKind(node, NodeKind.FILE, "not a regular file");
    Descriptor descriptor;
    try {
      descriptor = opener.open(root, node.path(), Access.READ);
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, node.location());
    }
    boolean kept = false;
    try {
      FileStatus status = FileStatus.of(descriptor);
      requireStill(node, status);
      kept = true;
      return new LocalSource(descriptor, node.path(), status);
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, node.location());
    } finally {
      if (!kept) {
        descriptor.close();
      }
    }
  }

  @Override
  public Name readLink(Node link) throws IOException {
    LocalNode node = own(link);
    requireKind(node, NodeKind.SYMLINK, "not a symbolic link");
    try (Descriptor handle = handle(node)) {
      return Name.of(handle.readLink());
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, node.location());
    }
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    LocalNode own = own(node);
    try (Descriptor handle = handle(own)) {
      List<Name> names = new ArrayList<>();
      for (byte[] name : ExtendedAttributes.names(handle)) {
        names.add(Name.of(name));
      }
      return names;
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.EOPNOTSUPP) {
        return List.of();
      }
      throw LocalErrors.translate(e, own.location());
    }
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    LocalNode own = own(node);
    byte[] bytes = name.toBytes();
    if (bytes.length == 0 || bytes.length > NAME_MAX || contains(bytes, (byte) 0)) {
      throw new NoSuchAttributeException(own.location() + ": no attribute " + name);
    }
    try (Descriptor handle = handle(own)) {
      return ExtendedAttributes.value(handle, bytes);
    } catch (SystemCallException e) {
      if (e.errno() == ErrorNumber.ENODATA || e.errno() == ErrorNumber.EOPNOTSUPP) {
        throw new NoSuchAttributeException(own.location() + ": no attribute " + name, e);
      }
      throw LocalErrors.translate(e, own.location());
    }
  }

  @Override
  public Statistics statistics() throws IOException {
    try {
      FileSystemStatus status = FileSystemStatus.of(root);
      return new Statistics(
          Math.clamp(status.blockSize(), 1, Integer.MAX_VALUE),
          status.blocks(),
          status.freeBlocks(),
          status.files(),
          status.freeFiles());
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, LocalNode.location(ROOT_PATH));
    }
  }

  /** Closes the root; sources that are open stay so. Idempotent. */
  @Override
  public void close() {
    directories.close();
    root.close();
  }

  private LocalNode node(byte[] path, FileStatus status) throws IOException {
    if (status.type() == FileStatus.REGULAR) {
      ledger.see(path, status);
    }
    return new LocalNode(
        this,
        path,
        LocalAttributes.of(
            status, ids.of(status.device(), status.inode()), LocalNode.location(path)));
  }

  /** A handle on {@code node}, which is checked to be still the same. */
  private Descriptor handle(LocalNode node) throws IOException {
    Descriptor handle = opener.open(root, node.path(), Access.PATH);
    boolean kept = false;
    try {
      requireStill(node, FileStatus.of(handle));
      kept = true;
      return handle;
    } finally {
      if (!kept) {
        handle.close();
      }
    }
  }

  private void requireStill(LocalNode node, FileStatus now) throws IOException {
    if (LocalAttributes.kind(now.type(), node.location()) != node.kind()) {
      throw new IllegalNodeException(
          node.location() + ": is no longer a " + node.kind() + "; it was replaced");
    }
    if (now.type() == FileStatus.REGULAR) {
      ledger.see(node.path(), now);
    }
  }

  private LocalNode own(Node node) throws IllegalNodeException {
    if (node instanceof LocalNode local && local.isOf(this)) {
      return local;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }

  private static void requireDirectory(LocalNode node) throws NotDirectoryException {
    if (node.kind() != NodeKind.DIRECTORY) {
      throw new NotDirectoryException(node.location());
    }
  }

  private static void requireKind(LocalNode node, NodeKind kind, String otherwise)
      throws IllegalNodeException {
    if (node.kind() != kind) {
      throw new IllegalNodeException(node.location() + ": " + otherwise);
    }
  }

  private static boolean isEntryName(byte[] name) {
    boolean dots =
        name.length <= 2 && name.length > 0 && name[0] == '.' && name[name.length - 1] == '.';
    return name.length > 0 && !dots && !contains(name, (byte) '/') && !contains(name, (byte) 0);
  }

  private static boolean contains(byte[] bytes, byte wanted) {
    for (byte b : bytes) {
      if (b == wanted) {
        return true;
      }
    }
    return false;
  }
}
