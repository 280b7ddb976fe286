package io.unsealfs.mount.kernel;

import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.storage.DirectoryEntry;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A directory being listed: its entries as they were when the listing began. */
final class OpenDirectory {
  private final Inode inode;
  private volatile @Nullable List<DirectoryEntry> entries;

  OpenDirectory(Inode inode) {
    this.inode = inode;
  }

  Inode inode() {
    return inode;
  }

  /**
   * The entries. Listings of one handle may run at once; each start reads the directory anew, and
   * the last one is what they go on with.
   */
  List<DirectoryEntry> entries(NodeAdapter nodes, boolean fromStart) throws IOException {
    List<DirectoryEntry> known = entries;
    if (known == null || fromStart) {
      known = nodes.list(inode.node());
      entries = known;
    }
    return known;
  }
}
