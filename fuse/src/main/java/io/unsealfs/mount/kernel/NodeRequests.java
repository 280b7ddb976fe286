package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.PathText;
import io.unsealfs.mount.Request;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;

/** LOOKUP, GETATTR, READLINK, GETXATTR, LISTXATTR, STATFS and the forgets. */
final class NodeRequests {
  // fuse_getxattr_in, then the name
  private static final int XATTR_SIZE = 0;
  private static final int XATTR_NAME = 8;

  private static final int XATTR_SIZE_REPLY = 8;

  private static final int SUPER_USER = 0;
  private static final int STATFS_REPLY_SIZE = 80;

  private final NodeAdapter nodes;
  private final Inodes inodes;
  private final RootAcl acl;

  NodeRequests(NodeAdapter nodes, Inodes inodes, RootAcl acl) {
    this.nodes = nodes;
    this.inodes = inodes;
    this.acl = acl;
  }

  int lookup(Request about, KernelRequest request, KernelReply reply) throws IOException {
    Inode parent = inodes.get(request.node());
    if (parent == null) {
      return -Errno.ESTALE;
    }
    Name name = request.name(0);
    PathText path = () -> parent.isRoot() ? "/" + name : parent.text() + "/" + name;
    about.path(path);
    Node found;
    try {
      found = nodes.lookup(parent.node(), name);
    } catch (NoSuchFileException e) {
      EntryFormat.absent(reply.payload(EntryFormat.ENTRY_SIZE), nodes.validity());
      return EntryFormat.ENTRY_SIZE;
    }
    about.about(found, path);
    Inode inode = inodes.refer(parent, name, found);
    reply.counts(inode.id());
    EntryFormat.entry(
        reply.payload(EntryFormat.ENTRY_SIZE),
        inode.id(),
        nodes.attributes(found, false),
        nodes.validity());
    return EntryFormat.ENTRY_SIZE;
  }

  int getattr(KernelRequest request, KernelReply reply) {
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    EntryFormat.attributesReply(
        reply.payload(EntryFormat.ATTRIBUTES_SIZE),
        acl.shown(inode, nodes.attributes(inode.node(), inode.isRoot())),
        nodes.validity());
    return EntryFormat.ATTRIBUTES_SIZE;
  }

  int readlink(Request about, KernelRequest request, KernelReply reply) throws IOException {
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    return bytes(reply, nodes.readlink(inode.node()));
  }

  int getxattr(Request about, KernelRequest request, KernelReply reply) throws IOException {
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    Name name = request.name(XATTR_NAME);
    byte[] value = acl.answers(name) ? acl.value(inode, name) : nodes.getxattr(inode.node(), name);
    return xattr(request, reply, value);
  }

  int listxattr(Request about, KernelRequest request, KernelReply reply) throws IOException {
    Inode inode = inodes.get(request.node());
    if (inode == null) {
      return -Errno.ESTALE;
    }
    about.about(inode.node(), inode);
    return xattr(request, reply, nodes.listxattr(inode.node(), request.user() == SUPER_USER));
  }

  private static int xattr(KernelRequest request, KernelReply reply, byte[] value) {
    int room = request.int32(XATTR_SIZE);
    if (room == 0) {
      reply.payload(XATTR_SIZE_REPLY).putInt(value.length).putInt(0);
      return XATTR_SIZE_REPLY;
    }
    return Integer.compareUnsigned(value.length, room) > 0 ? -Errno.ERANGE : bytes(reply, value);
  }

  private static int bytes(KernelReply reply, byte[] value) {
    ByteBuffer out = reply.payload(value.length);
    if (out.remaining() < value.length) {
      return -Errno.ERANGE;
    }
    out.put(value);
    return value.length;
  }

  int statfs(KernelReply reply) throws IOException {
    FileTree.Statistics figures = nodes.statfs();
    ByteBuffer out = reply.payload(STATFS_REPLY_SIZE);
    out.putLong(figures.blocks()).putLong(figures.freeBlocks()).putLong(figures.freeBlocks());
    out.putLong(figures.files()).putLong(figures.freeFiles());
    out.putInt(figures.blockSize()).putInt(FileTree.NAME_MAX).putInt(figures.blockSize());
    while (out.hasRemaining()) {
      out.putInt(0);
    }
    return STATFS_REPLY_SIZE;
  }

  void forget(KernelRequest request) {
    inodes.forget(request.node(), request.int64(0));
  }

  /** {@code struct fuse_batch_forget_in}, then pairs of node and count. */
  void forgetMany(KernelRequest request) {
    int most = (request.argumentsLength() - 8) / 16;
    int pairs = Math.clamp(Integer.toUnsignedLong(request.int32(0)), 0, Math.max(0, most));
    for (int i = 0; i < pairs; i++) {
      inodes.forget(request.int64(8 + 16 * i), request.int64(16 + 16 * i));
    }
  }
}
