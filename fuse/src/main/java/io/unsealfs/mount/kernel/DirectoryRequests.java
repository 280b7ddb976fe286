package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.Request;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * OPENDIR, READDIR, READDIRPLUS and RELEASEDIR. Position {@code n} of a listing is {@code .} for 0,
 * {@code ..} for 1, and then the entries in order.
 */
final class DirectoryRequests {
  // fuse_open_out.open_flags: the kernel may keep the listing, and use it for the next one
  private static final int KEEP_CACHE = 1 << 1;
  private static final int CACHE_DIR = 1 << 3;

  private static final int OPEN_REPLY_SIZE = 16;

  // fuse_read_in
  private static final int READ_HANDLE = 0;
  private static final int READ_OFFSET = 8;
  private static final int READ_SIZE = 16;

  private static final int DOTS = 2;
  private static final Name DOT = Name.of(".");
  private static final Name DOT_DOT = Name.of("..");

  private final NodeAdapter nodes;
  private final Inodes inodes;
  private final boolean unseenOpens;
  private final UnseenDirectories unseen;
  private final ConcurrentHashMap<Long, OpenDirectory> open = new ConcurrentHashMap<>();
  private final AtomicLong lastHandle = new AtomicLong();

  /**
   * The requests of one mount.
   *
   * @param unseenOpens whether the kernel is told that it need not send OPENDIR
   */
  DirectoryRequests(
      NodeAdapter nodes, Inodes inodes, boolean unseenOpens, UnseenDirectories unseen) {
    this.nodes = nodes;
    this.inodes = inodes;
    this.unseenOpens = unseenOpens;
    this.unseen = unseen;
  }

  int opendir(Request about, KernelRequest request, KernelReply reply) throws IOException {
    if (unseenOpens) {
      return -Errno.ENOSYS;
    }
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    NodeAdapter.requireDirectory(inode.node());
    long handle = lastHandle.incrementAndGet();
    open.put(handle, new OpenDirectory(inode));
    reply.payload(OPEN_REPLY_SIZE).putLong(handle).putInt(KEEP_CACHE | CACHE_DIR).putInt(0);
    return OPEN_REPLY_SIZE;
  }

  int releasedir(KernelRequest request) {
    open.remove(request.int64(READ_HANDLE));
    return 0;
  }

  /** READDIR, or READDIRPLUS, which brings the attributes too. */
  int readdir(Request about, KernelRequest request, KernelReply reply, boolean plus)
      throws IOException {
    OpenDirectory directory = directory(request);
    if (directory == null) {
      return -Errno.EBADF;
    }
    Inode inode = directory.inode();
    about.about(inode.node(), inode);
    long position = request.int64(READ_OFFSET);
    if (position < 0) {
      return -Errno.EINVAL;
    }
    List<DirectoryEntry> entries = directory.entries(nodes, position == 0);
    ByteBuffer out = reply.payload(request.int32(READ_SIZE));
    int start = out.position();
    for (long at = position; at < entries.size() + (long) DOTS; at++) {
      boolean room =
          at < DOTS
              ? dots(out, inode, (int) at, plus)
              : entry(out, reply, inode, entries.get((int) at - DOTS), at + 1, plus);
      if (!room) {
        break;
      }
    }
    return out.position() - start;
  }

  private @Nullable OpenDirectory directory(KernelRequest request) {
    long handle = request.int64(READ_HANDLE);
    if (handle != 0) {
      return open.get(handle);
    }
    Inode inode = inodes.get(request.node());
    return inode == null ? null : unseen.of(inode);
  }

  private boolean dots(ByteBuffer out, Inode inode, int at, boolean plus) {
    Name name = at == 0 ? DOT : DOT_DOT;
    if (out.remaining() < EntryFormat.direntSize(name) + (plus ? EntryFormat.ENTRY_SIZE : 0)) {
      return false;
    }
    if (plus) {
      EntryFormat.absent(out, nodes.validity());
    }
    Node node = at == 0 ? inode.node() : inode.parentOrSelf().node();
    EntryFormat.dirent(
        out, node.attributes().fileId(), at + 1, NodeAdapter.typeBits(NodeKind.DIRECTORY), name);
    return true;
  }

  private boolean entry(
      ByteBuffer out,
      KernelReply reply,
      Inode directory,
      DirectoryEntry entry,
      long next,
      boolean plus) {
    Name name = entry.name();
    if (out.remaining() < EntryFormat.direntSize(name) + (plus ? EntryFormat.ENTRY_SIZE : 0)) {
      return false;
    }
    if (plus) {
      attributes(out, reply, directory, name);
    }
    EntryFormat.dirent(out, entry.fileId(), next, NodeAdapter.typeBits(entry.kind()), name);
    return true;
  }

  /**
   * What a lookup would have answered. An entry that cannot be looked up is listed all the same:
   * number zero says here that nothing is known about it, and whoever wants it meets the error.
   */
  private void attributes(ByteBuffer out, KernelReply reply, Inode directory, Name name) {
    Node found;
    try {
      found = nodes.lookup(directory.node(), name);
    } catch (IOException e) {
      EntryFormat.absent(out, nodes.validity());
      return;
    }
    Inode inode = inodes.refer(directory, name, found);
    reply.counts(inode.id());
    EntryFormat.entry(out, inode.id(), nodes.attributes(found, false), nodes.validity());
  }
}
