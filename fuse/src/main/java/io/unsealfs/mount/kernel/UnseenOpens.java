package io.unsealfs.mount.kernel;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import io.unsealfs.mount.Errno;
import io.unsealfs.mount.NodeAdapter;
import io.unsealfs.mount.Request;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Files that are read without the kernel having said that they were opened. Each is opened at its
 * first read; the least used ones beyond a bound are closed, and opened again when read again.
 */
final class UnseenOpens {
  private static final System.Logger LOG = System.getLogger(UnseenOpens.class.getName());
  private static final int MOST_OPEN = 512;

  private final NodeAdapter nodes;
  private final Cache<Long, Long> handles =
      Caffeine.newBuilder()
          .maximumSize(MOST_OPEN)
          .executor(Runnable::run)
          .removalListener(this::removed)
          .build();

  UnseenOpens(NodeAdapter nodes) {
    this.nodes = nodes;
  }

  int read(Request about, Inode inode, long offset, ByteBuffer plaintext) throws IOException {
    while (true) {
      Long handle = handles.getIfPresent(inode.id());
      if (handle == null) {
        handle = open(inode);
      }
      int result = nodes.read(about, handle, offset, plaintext);
      if (result != -Errno.EBADF) {
        return result;
      }
      // closed between the look into the cache and the read
      handles.asMap().remove(inode.id(), handle);
    }
  }

  private Long open(Inode inode) throws IOException {
    Long mine = nodes.open(inode.node(), inode);
    Long first = handles.asMap().putIfAbsent(inode.id(), mine);
    if (first == null) {
      return mine;
    }
    nodes.release(mine);
    return first;
  }

  /** The kernel forgot the node. */
  void forget(long nodeId) {
    handles.invalidate(nodeId);
  }

  private void removed(@Nullable Long nodeId, @Nullable Long handle, RemovalCause cause) {
    if (handle == null) {
      return;
    }
    try {
      nodes.release(handle);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing a file: {0}", e.getMessage());
    }
  }
}
