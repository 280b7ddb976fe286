package io.unsealfs.mount.resident;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The threads that fill files: all of them the file that was asked for last, in its order, so that
 * whoever waits for it waits least. They start with the first file and end with {@link #close}.
 */
final class Filler implements AutoCloseable {
  /** Between two looks at what memory is left. */
  private static final int PIECES_BETWEEN_LOOKS = 32;

  private final int threads;
  private final LongSupplier left;
  private final long reserveBytes;
  private final Runnable beforePiece;
  // guarded by this
  private final Deque<ResidentFile> files = new ArrayDeque<>();
  private int running;
  private boolean closed;
  private int sinceLook;

  /**
   * Nobody yet.
   *
   * @param left memory that can still be had, bytes
   * @param reserveBytes how much of it has to stay
   * @param beforePiece called before memory is taken for each piece
   */
  Filler(int threads, LongSupplier left, long reserveBytes, Runnable beforePiece) {
    this.beforePiece = beforePiece;
    this.threads = threads;
    this.left = left;
    this.reserveBytes = reserveBytes;
  }

  /** Begins a file, or puts it first. */
  synchronized void add(ResidentFile file) {
    if (closed) {
      return;
    }
    files.remove(file);
    files.addFirst(file);
    while (running < threads) {
      running++;
      Thread thread = new Thread(this::run, "unsealfs-resident-" + running);
      thread.setDaemon(true);
      thread.start();
    }
    notifyAll();
  }

  private void run() {
    byte[] plaintext = new byte[ResidentFile.PIECE_BYTES];
    try {
      while (true) {
        ResidentFile file = next();
        if (file == null) {
          return;
        }
        if (looksNow() && left.getAsLong() < reserveBytes) {
          file.giveUp("memory is short");
        }
        beforePiece.run();
        if (!file.fillNext(plaintext)) {
          done(file);
        }
      }
    } finally {
      Arrays.fill(plaintext, (byte) 0);
      left();
    }
  }

  private synchronized boolean looksNow() {
    sinceLook = (sinceLook + 1) % PIECES_BETWEEN_LOOKS;
    return sinceLook == 0;
  }

  private synchronized @Nullable ResidentFile next() {
    while (!closed) {
      ResidentFile file = files.peekFirst();
      if (file != null) {
        return file;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        // nobody interrupts these threads; close ends them
        return null;
      }
    }
    return null;
  }

  private synchronized void done(ResidentFile file) {
    files.remove(file);
  }

  private synchronized void left() {
    running--;
    notifyAll();
  }

  /** Ends the threads; each finishes its piece first. Returns when they are gone. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      files.clear();
      notifyAll();
    }
    boolean interrupted = false;
    synchronized (this) {
      while (running > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
