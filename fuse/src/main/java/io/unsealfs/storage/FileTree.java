package io.unsealfs.storage;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * A read-only tree of names with a {@link Source} behind each regular file. Storage back ends
 * produce trees of ciphertext, volume formats wrap them into trees of plaintext, a FUSE transport
 * serves one. Thread-safe.
 *
 * <p>Everywhere: {@link java.nio.file.NoSuchFileException} for a name that is not there, {@link
 * java.nio.file.NotDirectoryException} and {@link IllegalNodeException} for an operation that does
 * not fit the node, {@link StorageException} when the back end failed, {@link StaleSourceException}
 * when an object is no longer the one that was seen first.
 */
public interface FileTree extends Closeable {

  /** Longest name of a directory entry in bytes. */
  int NAME_MAX = 255;

  /** The root directory. */
  Node root() throws IOException;

  /**
   * The entry called {@code name} of {@code directory}. Symbolic links are not followed.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws NameTooLongException if the name is longer than {@link #NAME_MAX}
   */
  Node lookup(Node directory, Name name) throws IOException;

  /** All entries of {@code directory} without {@code .} and {@code ..}, in no particular order. */
  List<DirectoryEntry> list(Node directory) throws IOException;

  /** Opens a regular file. The caller closes the source. */
  Source open(Node file) throws IOException;

  /** The target of a symbolic link, as bytes. */
  Name readLink(Node link) throws IOException;

  /** Names of the extended attributes of {@code node}, with their namespace prefix. */
  List<Name> listXattrs(Node node) throws IOException;

  /**
   * Value of one extended attribute.
   *
   * @throws NoSuchAttributeException if there is none of that name
   */
  byte[] xattr(Node node, Name name) throws IOException;

  /**
   * Whether opening a file again can never show anything new, so that a transport need not ask.
   * False where {@link #open} looks whether the file is still the one that was seen first.
   */
  default boolean opensShowNothingNew() {
    return false;
  }

  /**
   * Whether looking up every entry of a directory that is listed costs little more than listing it,
   * so that a transport may hand out attributes with every listing, asked for or not.
   */
  default boolean lookupsAreCheap() {
    return false;
  }

  /**
   * Grows when the tree shows other files than before: what was derived from its files is to be
   * derived again. Read before what is derived from, so that nothing old is taken for new. Always
   * zero for a tree that does not change.
   */
  default long generation() {
    return 0;
  }

  /** Size and use of the underlying storage. */
  Statistics statistics() throws IOException;

  /**
   * Figures for statfs(2).
   *
   * @param blockSize bytes per block
   * @param blocks all blocks
   * @param freeBlocks blocks not in use
   * @param files all inodes
   * @param freeFiles inodes not in use
   */
  record Statistics(int blockSize, long blocks, long freeBlocks, long files, long freeFiles) {}
}
