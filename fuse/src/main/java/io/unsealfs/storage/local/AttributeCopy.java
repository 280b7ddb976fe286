package io.unsealfs.storage.local;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.OutputDirectory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.os.Writable;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;

/** Gives a new object the owner, extended attributes, mode and time of the one it is a copy of. */
final class AttributeCopy {
  private static final int SET_ID_BITS = 06000;

  private final FileTree tree;
  private final TreeEncoding encoding;
  private final CopyOptions options;
  private final CopyTally tally;
  private final int user = OutputDirectory.effectiveUser();

  AttributeCopy(FileTree tree, TreeEncoding encoding, CopyOptions options, CopyTally tally) {
    this.tree = tree;
    this.encoding = encoding;
    this.options = options;
    this.tally = tally;
  }

  /** The attributes of {@code node} for an open file or directory. */
  void apply(Writable copy, Node node, String path) throws IOException {
    Attributes attributes = node.attributes();
    boolean owned = owner(attributes, path, () -> copy.owner(attributes.uid(), attributes.gid()));
    extended(copy, node, path);
    copy.mode(mode(attributes, owned, path));
    copy.modified(attributes.modifiedSeconds(), attributes.modifiedNanoOfSecond());
  }

  /** The attributes of {@code node} for a symbolic link or a FIFO. */
  void apply(OutputDirectory directory, byte[] name, Node node, String path) throws IOException {
    Attributes attributes = node.attributes();
    boolean owned =
        owner(
            attributes, path, () -> directory.entryOwner(name, attributes.uid(), attributes.gid()));
    if (node.kind() != NodeKind.SYMLINK) {
      directory.entryMode(name, mode(attributes, owned, path));
    }
    directory.entryModified(name, attributes.modifiedSeconds(), attributes.modifiedNanoOfSecond());
  }

  private interface Change {
    void run() throws SystemCallException;
  }

  /** Whether the copy now belongs to whom the original belonged. */
  private boolean owner(Attributes attributes, String path, Change change)
      throws SystemCallException {
    if (!options.keepOwners()) {
      return attributes.uid() == user;
    }
    try {
      change.run();
      return true;
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.EPERM && e.errno() != ErrorNumber.EINVAL) {
        throw e;
      }
      // Root of a container without CAP_CHOWN, or an owner its user namespace does not map.
      tally.noticed(
          path, "owner " + attributes.uid() + ":" + attributes.gid() + " could not be set");
      return false;
    }
  }

  private int mode(Attributes attributes, boolean owned, String path) {
    int mode = attributes.mode();
    boolean setId = attributes.kind() != NodeKind.DIRECTORY && (mode & SET_ID_BITS) != 0;
    if (setId && !(options.keepSetIdBits() && owned)) {
      tally.noticed(path, "set-user-id and set-group-id bits were dropped");
      return mode & ~SET_ID_BITS;
    }
    return mode;
  }

  private void extended(Writable copy, Node node, String path) throws IOException {
    for (Name name : tree.listXattrs(node)) {
      try {
        TreeEncoding.StoredAttribute stored =
            encoding.attribute(name.toBytes(), tree.xattr(node, name));
        if (stored != null) {
          copy.attribute(stored.name(), stored.value());
        }
      } catch (NoSuchAttributeException e) {
        // Removed since it was listed: as if it had not been.
      } catch (IntegrityException e) {
        if (!options.continueAfterDamage()) {
          throw e;
        }
        tally.failed(node.location(), path, e);
      } catch (SystemCallException e) {
        if (!refused(e.errno())) {
          throw e;
        }
        tally.noticed(path, "extended attribute " + name + " was not kept: " + e.getMessage());
      }
    }
  }

  /**
   * Whether the file system does not take this attribute. ENOSPC is how some say that it is too
   * large; where the device is really full the next content says so.
   */
  private static boolean refused(int errno) {
    return switch (errno) {
      case ErrorNumber.EOPNOTSUPP,
          ErrorNumber.EPERM,
          ErrorNumber.EINVAL,
          ErrorNumber.E2BIG,
          ErrorNumber.ERANGE,
          ErrorNumber.ENOSPC ->
          true;
      default -> false;
    };
  }
}
