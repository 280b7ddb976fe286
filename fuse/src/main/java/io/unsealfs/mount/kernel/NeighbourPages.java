package io.unsealfs.mount.kernel;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Guard;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.Operation;
import io.unsealfs.mount.Request;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Gives the kernel the pages around small reads before anybody asks for them, where {@link
 * DenseReads} says that they will: random reads that cover a file, mappings with MADV_RANDOM. What
 * a request costs is its way through the kernel to this process and back, many times the
 * decryption.
 *
 * <p>A node's number stands for one version of one file for as long as the mount lasts, so what is
 * stored late is not stale. The kernel waits for a page that a request holds before it takes ours.
 * So one worker at a time does this, after its reply has gone, and only where another one answers
 * requests meanwhile.
 */
final class NeighbourPages {
  private static final System.Logger LOG = System.getLogger(NeighbourPages.class.getName());

  private static final int NOTIFY_STORE = 4;

  // fuse_notify_store_out, then the bytes
  private static final int STORE_SIZE = 24;
  private static final int STORE_BYTES = 16;

  private final Reading reading;
  private final boolean off;
  private final Guard guard = new Guard(FuseEvents.NONE);
  private final DenseReads reads = new DenseReads();
  private final AtomicBoolean busy = new AtomicBoolean();

  // guarded by this
  private boolean stopped;

  /** Reads plaintext as requests do. */
  @FunctionalInterface
  interface Reading {
    /** As {@link FileRequests#plaintext}. */
    int read(Request about, long node, long handle, long offset, ByteBuffer plaintext)
        throws IOException;
  }

  /**
   * Those of one mount.
   *
   * @param options of the mount; with a remote source there are none, since bytes nobody asked for
   *     would have to be fetched
   */
  NeighbourPages(Reading reading, MountOptions options) {
    this.reading = reading;
    this.off = options.remote() || options.workersAtFirst() < 2;
  }

  /**
   * To be called when a read was answered.
   *
   * @param got bytes that the reader got
   * @param reply used anew
   */
  void after(KernelRequest request, int got, KernelReply reply, FuseDevice device) {
    if (off
        || got != DenseReads.PAGE_BYTES
        || (request.int32(FileRequests.READ_FLAGS) & FuseDevice.OPENED_DIRECT) != 0) {
      return;
    }
    long node = request.node();
    long offset = request.int64(FileRequests.READ_OFFSET);
    if (offset % DenseReads.PAGE_BYTES != 0
        || !reads.note(node, offset)
        || !busy.compareAndSet(false, true)) {
      return;
    }
    try {
      reads.done(node, offset);
      store(node, request.int64(FileRequests.READ_HANDLE), offset, reply, device);
    } catch (SystemCallException e) {
      // ENOENT: the kernel has let go of the file. Whatever else: who wants the pages asks for them
      LOG.log(Level.DEBUG, "pages were not taken by the kernel: {0}", e.getMessage());
    } finally {
      busy.set(false);
    }
  }

  private void store(long node, long handle, long offset, KernelReply reply, FuseDevice device)
      throws SystemCallException {
    long start = offset - offset % DenseReads.REGION_BYTES;
    ByteBuffer notice = reply.payload(STORE_SIZE + DenseReads.REGION_BYTES);
    if (notice.remaining() < STORE_SIZE + DenseReads.REGION_BYTES) {
      return;
    }
    int head = notice.position();
    notice.putLong(node).putLong(start).putLong(0);
    // a failure is told to whoever asks for the page that it is about
    int got =
        guard.answer(Operation.READ, about -> reading.read(about, node, handle, start, notice));
    if (got <= 0) {
      return;
    }
    notice.putInt(head + STORE_BYTES, got);
    synchronized (this) {
      if (!stopped) {
        reply.notify(device, NOTIFY_STORE, STORE_SIZE + got);
      }
    }
  }

  /** The kernel gets none any more once this has returned. */
  synchronized void stop() {
    stopped = true;
  }
}
