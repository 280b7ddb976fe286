package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** OPEN, READ and RELEASE of regular files. */
final class FileRequests {
  private static final int ACCESS_MODE_MASK = 3;

  // fuse_open_out.open_flags
  static final int KEEP_CACHE = 1 << 1;

  private static final int OPEN_REPLY_SIZE = 16;

  // fuse_read_in
  static final int READ_HANDLE = 0;
  static final int READ_OFFSET = 8;
  static final int READ_SIZE = 16;
  static final int READ_FLAGS = 32;

  private final NodeAdapter nodes;
  private final Inodes inodes;
  private final boolean unseenOpens;
  private final UnseenOpens unseen;
  private final @Nullable ResidentOpens resident;

  /**
   * The requests of one mount.
   *
   * @param unseenOpens whether the kernel is told that it need not send OPEN
   * @param resident the files that are read from memory, null for none
   */
  FileRequests(
      NodeAdapter nodes,
      Inodes inodes,
      boolean unseenOpens,
      UnseenOpens unseen,
      @Nullable ResidentOpens resident) {
    this.nodes = nodes;
    this.inodes = inodes;
    this.unseenOpens = unseenOpens;
    this.unseen = unseen;
    this.resident = resident;
  }

  int open(Request about, KernelRequest request, KernelReply reply) throws IOException {
    if ((request.int32(0) & ACCESS_MODE_MASK) != 0) {
      return -Errno.EROFS;
    }
    if (unseenOpens) {
      return -Errno.ENOSYS;
    }
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    long handle = nodes.open(inode.node(), inode);
    if (resident != null) {
      return openResident(resident, request, reply, inode, handle);
    }
    reply.payload(OPEN_REPLY_SIZE).putLong(handle).putInt(KEEP_CACHE).putInt(0);
    return OPEN_REPLY_SIZE;
  }

  private int openResident(
      ResidentOpens opens, KernelRequest request, KernelReply reply, Inode inode, long handle)
      throws IOException {
    boolean opened = false;
    try {
      int result = opens.open(request, reply, inode, handle);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        // the kernel gets an error and closes nothing
        nodes.release(handle);
      }
    }
  }

  int read(Request about, KernelRequest request, KernelReply reply) throws IOException {
    ByteBuffer plaintext = reply.payload(request.int32(READ_SIZE));
    long offset = request.int64(READ_OFFSET);
    long handle = request.int64(READ_HANDLE);
    if (handle != 0 && resident != null) {
      nodes.gate().read();
      int got = resident.read(handle, offset, plaintext);
      if (got >= 0) {
        return got;
      }
    }
    return plaintext(about, request.node(), handle, offset, plaintext);
  }

  /**
   * Reads an open file.
   *
   * @param node number of its inode
   * @param handle as the kernel knows it; 0 if it did not say that it opened the file
   * @param offset first byte
   * @param plaintext filled from its position, up to its limit or the end of the file
   * @return bytes read, or a negative errno
   */
  int plaintext(Request about, long node, long handle, long offset, ByteBuffer plaintext)
      throws IOException {
    if (handle != 0) {
      return nodes.read(about, handle, offset, plaintext);
    }
    Inode inode = inodes.get(node);
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    return unseen.read(about, inode, offset, plaintext);
  }

  int release(Request about, KernelRequest request) throws IOException {
    long handle = request.int64(READ_HANDLE);
    if (resident != null) {
      resident.release(handle);
    }
    nodes.release(about, handle);
    return 0;
  }
}
