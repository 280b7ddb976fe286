package io.unsealfs.storage.chunk;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.SystemCallException;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Segments of the disk cache that are read straight from their files, a few of which stay open. The
 * system's page cache holds them and reads ahead: nothing of theirs is kept here. Thread-safe.
 */
final class SegmentFiles implements Closeable {
  /** Files open at a time: several readers, each at one segment and the next ones. */
  private static final int OPEN_MOST = 128;

  private final DiskCache cache;
  private final LinkedHashMap<SegmentId, Descriptor> open = // guarded by this, least used first
      new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed; // guarded by this

  SegmentFiles(DiskCache cache) {
    this.cache = cache;
  }

  /**
   * Reads the payload of a segment from {@code offset} of it on, as much as {@code ciphertext} has
   * room for, all of which lies within it.
   *
   * @param all whether all of it will be wanted soon, so that the system reads it ahead
   * @return false if the segment is not there; {@code ciphertext} may have been written to
   */
  boolean read(SegmentId id, int offset, ByteBuffer ciphertext, boolean all) {
    Descriptor file = file(id, all);
    if (file == null) {
      return false;
    }
    int wanted = ciphertext.remaining();
    try {
      if (file.read(ciphertext, (long) SegmentHeader.SIZE + offset) == wanted) {
        return true;
      }
      forget(id);
      cache.truncated(id);
    } catch (SystemCallException e) {
      forget(id);
      if (e.errno() != ErrorNumber.EBADF) {
        cache.failed(e, id);
      } // else closed meanwhile, for another one: rare, and the ordinary way is there
    }
    return false;
  }

  /** Whether it is open. */
  synchronized boolean isOpen(SegmentId id) {
    return open.containsKey(id);
  }

  /** Has the system read all of a segment, which will be wanted soon; false if it is not there. */
  boolean expect(SegmentId id) {
    Descriptor file = file(id, false);
    if (file != null) {
      // also where it is open: who reads here and there may have opened it
      advise(file, id);
    }
    return file != null;
  }

  private @Nullable Descriptor file(SegmentId id, boolean all) {
    synchronized (this) {
      Descriptor known = open.get(id);
      if (known != null || closed) {
        return known;
      }
    }
    Descriptor fresh = cache.openUnchecked(id);
    if (fresh == null) {
      return null;
    }
    if (all) {
      advise(fresh, id);
    }
    return keep(id, fresh);
  }

  private static void advise(Descriptor file, SegmentId id) {
    try {
      file.advise(0, (long) SegmentHeader.SIZE + id.payloadLength(), Descriptor.Advice.WILL_NEED);
    } catch (SystemCallException e) {
      // a hint only
    }
  }

  private @Nullable Descriptor keep(SegmentId id, Descriptor fresh) {
    Descriptor superfluous = fresh;
    Descriptor kept = null;
    synchronized (this) {
      if (!closed) {
        kept = open.putIfAbsent(id, fresh);
        if (kept == null) {
          kept = fresh;
          superfluous = null;
        }
        if (open.size() > OPEN_MOST) {
          Map.Entry<SegmentId, Descriptor> eldest = open.firstEntry();
          open.remove(eldest.getKey());
          superfluous = eldest.getValue();
        }
      }
    }
    if (superfluous != null) {
      // whoever reads from it finishes
      superfluous.close();
    }
    return kept;
  }

  /** Its file was deleted, or is not what it was. */
  void forget(SegmentId id) {
    Descriptor file;
    synchronized (this) {
      file = open.remove(id);
    }
    if (file != null) {
      file.close();
    }
  }

  @Override
  public void close() {
    Descriptor[] left;
    synchronized (this) {
      closed = true;
      left = open.values().toArray(new Descriptor[0]);
      open.clear();
    }
    for (Descriptor file : left) {
      file.close();
    }
  }
}
