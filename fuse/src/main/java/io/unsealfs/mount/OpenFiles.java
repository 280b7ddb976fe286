package io.unsealfs.mount;

import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The kernel's handle numbers and the sources behind them. Numbers are never used twice. */
final class OpenFiles {
  private final ConcurrentHashMap<Long, OpenFile> files = new ConcurrentHashMap<>();
  private final AtomicLong lastHandle = new AtomicLong();
  private volatile boolean closed;

  /** Takes over {@code source} and returns its handle, {@code > 0}. */
  long add(Source source, Node node, PathText path) throws IOException {
    long handle = lastHandle.incrementAndGet();
    files.put(handle, new OpenFile(source, node, path));
    // Checked after the put: either this sees the flag, or closeAll sees the entry.
    if (closed) {
      release(handle);
      throw new StorageException("cannot open " + node.location() + ": the mount is ending");
    }
    return handle;
  }

  /** The file behind a handle with one reference taken, null when it is not open. */
  @Nullable OpenFile acquire(long handle) {
    OpenFile file = files.get(handle);
    return file != null && file.acquire() ? file : null;
  }

  /** Drops the kernel's reference; does nothing for a handle that is not open. */
  void release(long handle) throws IOException {
    OpenFile file = files.remove(handle);
    if (file != null) {
      file.release();
    }
  }

  /** Number of open handles. */
  int size() {
    return files.size();
  }

  /** Releases every handle, and from now on each new one at once. */
  void closeAll() throws IOException {
    closed = true;
    IOException first = null;
    for (Long handle : files.keySet()) {
      try {
        release(handle);
      } catch (IOException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
