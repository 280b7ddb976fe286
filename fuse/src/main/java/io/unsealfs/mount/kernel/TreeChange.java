package io.unsealfs.mount.kernel;

import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the kernel what is no longer so after the tree shows other files: looks every name up that
 * the kernel holds, and has it forget those that are gone or stand for another file now. Its pages
 * of such a file go with the last who has it open, since the file that took its place is another
 * node. Listings of directories are dropped in any case.
 *
 * <p>A lookup that was answered from the old tree may reach the kernel after this; whoever calls
 * does so once more a moment later.
 */
final class TreeChange {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");
  private static final int NOTIFY_INVAL_INODE = 2;
  private static final int NOTIFY_INVAL_ENTRY = 3;
  private static final int INVAL_INODE_SIZE = 24;

  // fuse_notify_inval_entry_out, then the name and a NUL
  private static final int INVAL_ENTRY_SIZE = 16;

  /** Of an inode to be dropped: all its pages, or its attributes alone. */
  private static final long FROM_START = 0;

  private static final long NO_PAGES = -1;

  private final FuseDevice device;
  private final NodeAdapter nodes;
  private final Inodes inodes;

  TreeChange(FuseDevice device, NodeAdapter nodes, Inodes inodes) {
    this.device = device;
    this.nodes = nodes;
    this.inodes = inodes;
  }

  /** Does it. One at a time. */
  void run() {
    FuseDevice own;
    try {
      own = device.cloned();
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "the kernel is not told of changes: {0}", e.getMessage());
      return;
    }
    try {
      inodes.root().refresh(nodes.root());
      dropInode(own, Inode.ROOT_ID, FROM_START);
      for (long id : inodes.ids()) {
        Inode inode = inodes.get(id);
        if (inode != null) {
          look(own, inode);
        }
      }
    } catch (SystemCallException e) {
      // the mount is over, or will soon be
      LOG.log(Level.DEBUG, "the kernel was not told of all changes: {0}", e.getMessage());
    } catch (IOException e) {
      LOG.log(Level.WARNING, "refresh: {0}", e.getMessage());
    } finally {
      own.close();
    }
  }

  private void look(FuseDevice own, Inode inode) throws SystemCallException {
    Node found = found(inode);
    if (found == null || !inode.isStill(found)) {
      dropEntry(own, inode.parentId(), inode.name());
      return;
    }
    boolean directory = found.kind() == NodeKind.DIRECTORY;
    boolean shownAlike = inode.node().attributes().equals(found.attributes());
    inode.refresh(found);
    if (directory || !shownAlike) {
      dropInode(own, inode.id(), directory ? FROM_START : NO_PAGES);
    }
  }

  /** What stands in its place now; null if nothing does. */
  private @Nullable Node found(Inode inode) {
    try {
      return nodes.lookup(inode.parentOrSelf().node(), inode.name());
    } catch (IOException e) {
      return null; // whoever looks for it meets the error
    }
  }

  private static void dropInode(FuseDevice own, long id, long offset) throws SystemCallException {
    KernelReply notice = new KernelReply(INVAL_INODE_SIZE);
    notice.payload(INVAL_INODE_SIZE).putLong(id).putLong(offset).putLong(0);
    send(own, notice, NOTIFY_INVAL_INODE, INVAL_INODE_SIZE);
  }

  private static void dropEntry(FuseDevice own, long parent, Name name) throws SystemCallException {
    int size = INVAL_ENTRY_SIZE + name.length() + 1;
    KernelReply notice = new KernelReply(size);
    ByteBuffer out = notice.payload(size);
    out.putLong(parent).putInt(name.length()).putInt(0).put(name.toBytes()).put((byte) 0);
    send(own, notice, NOTIFY_INVAL_ENTRY, size);
  }

  private static void send(FuseDevice own, KernelReply notice, int code, int size)
      throws SystemCallException {
    try {
      notice.notify(own, code, size);
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.ENOENT) {
        throw e;
      }
      // the kernel knows it no longer
    }
  }
}
