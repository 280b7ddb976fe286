package io.unsealfs.block;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * One load under way and those who wait for it. Waiters are counted, and the loader takes a hold
 * for each of them before it lets them go: however fast the extent is evicted, every waiter gets
 * it. The monitor guards this state only; nothing is read or decrypted under it.
 */
final class PendingLoad {
  private final boolean readAhead;
  private int waiting;
  private boolean done;
  private @Nullable Extent extent;
  private @Nullable Throwable failure;

  /** A load that starts now, for a reader or ahead of one. */
  PendingLoad(boolean readAhead) {
    this.readAhead = readAhead;
  }

  /**
   * Waits for the load.
   *
   * @return the extent, held for the caller, or null if the caller has to try again
   * @throws IOException what the load failed with, or {@link InterruptedIOException}
   */
  synchronized @Nullable Extent await() throws IOException {
    if (!done) {
      waiting++;
      try {
        while (!done) {
          wait();
        }
      } catch (InterruptedException e) {
        leave();
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while another reader loads the same extent");
      }
      return extent == null ? failed() : extent;
    }
    if (extent == null) {
      return failed();
    }
    return extent.tryPin() ? extent : null;
  }

  /** Lets the waiters go with {@code loaded}, which the caller holds. */
  synchronized void complete(Extent loaded) {
    if (waiting > 0 && !loaded.tryPin(waiting)) {
      throw new IllegalStateException("completed with an extent that nobody holds");
    }
    extent = loaded;
    done = true;
    notifyAll();
  }

  /** Lets the waiters go with a failure. */
  synchronized void fail(Throwable why) {
    failure = why;
    done = true;
    notifyAll();
  }

  private void leave() {
    if (!done) {
      waiting--;
    } else if (extent != null) {
      extent.unpin();
    }
  }

  private @Nullable Extent failed() throws IOException {
    Throwable why = failure;
    if (readAhead
        || why instanceof ClosedChannelException
        || why instanceof InterruptedIOException) {
      // The loader's own affair: its file was closed, its thread stopped, or nobody had asked yet.
      // The waiter's own source may well serve the extent.
      return null;
    }
    if (why instanceof IOException e) {
      throw e;
    }
    throw new IOException("the load of an extent ended unexpectedly: " + why, why);
  }
}
