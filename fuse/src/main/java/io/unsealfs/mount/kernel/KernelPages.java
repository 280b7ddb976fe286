package io.unsealfs.mount.kernel;

import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;

/** What the kernel keeps of the files of one connection: pages of plaintext. */
final class KernelPages {
  private static final int NOTIFY_INVAL_INODE = 2;
  private static final int NOTIFY_INVAL_INODE_SIZE = 24;

  private KernelPages() {}

  /**
   * Has the kernel drop all pages of a file, out of mappings as well; waits for those that are
   * being read. What is touched afterwards is asked for again.
   *
   * @param device of the connection, which may have been cut already
   * @throws SystemCallException if it keeps some
   */
  static void drop(FuseDevice device, long nodeId) throws SystemCallException {
    KernelReply notice = new KernelReply(NOTIFY_INVAL_INODE_SIZE);
    // from the first byte; a length of 0 is all of it
    notice.payload(NOTIFY_INVAL_INODE_SIZE).putLong(nodeId).putLong(0).putLong(0);
    try {
      notice.notify(device, NOTIFY_INVAL_INODE, NOTIFY_INVAL_INODE_SIZE);
    } catch (SystemCallException e) {
      if (e.errno() != ErrorNumber.ENOENT) {
        throw e;
      }
      // the kernel has let go of the inode meanwhile, and of its pages with it
    }
  }
}
