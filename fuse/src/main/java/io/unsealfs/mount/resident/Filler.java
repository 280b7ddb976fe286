package io.unsealfs.mount.resident;

import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads that fill files: all of them the file that was asked for last, in its order, so that
 * whoever waits for it waits least. They start with the first file and end with {@link #close}.
 */
final class Filler implements AutoCloseable {
  /** At the end, for who is at a piece. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final ThreadFactory maker;
  private final int threads;
  // guarded by this
  private final Deque<ResidentFile> files = new ArrayDeque<>();
  private final Set<Thread> running = new HashSet<>();
  private boolean closed;

  /** Nobody yet. */
  Filler(int threads) {
    this(threads, Thread.ofPlatform().daemon().name("unsealfs-resident-", 1).factory());
  }

  /** As above, with threads of this maker. */
  Filler(int threads, ThreadFactory maker) {
    this.threads = threads;
    this.maker = maker;
  }

  /** Begins a file, or puts it first; gives it up where there is nobody to fill it. */
  void add(ResidentFile file) {
    if (!isTaken(file)) {
      file.giveUp("no thread to fill it");
    }
  }

  private synchronized boolean isTaken(ResidentFile file) {
    if (closed) {
      return false;
    }
    while (running.size() < threads && isStarted()) {
      // until there are enough
    }
    if (running.isEmpty()) {
      return false;
    }
    files.remove(file);
    files.addFirst(file);
    notifyAll();
    return true;
  }

  private boolean isStarted() {
    Thread thread = maker.newThread(this::run);
    running.add(thread);
    boolean started = false;
    try {
      thread.start();
      started = true;
    } catch (OutOfMemoryError e) {
      // the system gives no more threads: those there are have to do
      LOG.log(Level.DEBUG, "a thread that fills files", e);
    } finally {
      if (!started) {
        running.remove(thread);
      }
    }
    return started;
  }

  private void run() {
    byte[] plaintext = {};
    try {
      plaintext = new byte[ResidentFile.PIECE_BYTES];
      while (true) {
        ResidentFile file = next();
        if (file == null) {
          return;
        }
        if (!isFilled(file, plaintext)) {
          Arrays.fill(plaintext, (byte) 0);
          done(file);
        }
      }
    } finally {
      Arrays.fill(plaintext, (byte) 0);
      left().forEach(file -> file.giveUp("no thread to fill it"));
    }
  }

  /** Fills a piece of it; false if there is none. */
  private static boolean isFilled(ResidentFile file, byte[] plaintext) {
    try {
      return file.fillNext(plaintext);
    } catch (InterruptedIOException e) {
      // only stop interrupts these threads: does nothing then, since the file is given up already
      file.giveUp(String.valueOf(e.getMessage()));
      return false;
    }
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
        // only stop interrupts these threads
        return null;
      }
    }
    return null;
  }

  private synchronized void done(ResidentFile file) {
    if (!file.hasPutBack() || file.state() != ResidentFile.State.FILLING) {
      files.remove(file);
    }
  }

  /** A thread ends; the files that nobody is left to fill. */
  private synchronized List<ResidentFile> left() {
    running.remove(Thread.currentThread());
    notifyAll();
    if (!running.isEmpty()) {
      return List.of();
    }
    List<ResidentFile> orphans = List.copyOf(files);
    files.clear();
    return orphans;
  }

  /** Has the threads end, also those that wait for a storage, and does not wait for that. */
  synchronized void stop() {
    closed = true;
    files.clear();
    running.forEach(Thread::interrupt);
    notifyAll();
  }

  /** As {@link #stop}, and waits for them a moment: a storage may hang all the same. */
  @Override
  public void close() {
    stop();
    boolean interrupted = false;
    long end = System.nanoTime() + PATIENCE_NANOS;
    synchronized (this) {
      long nanos = PATIENCE_NANOS;
      while (!running.isEmpty() && nanos > 0) {
        try {
          TimeUnit.NANOSECONDS.timedWait(this, nanos);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        nanos = end - System.nanoTime();
      }
      if (!running.isEmpty()) {
        LOG.log(Level.DEBUG, "{0} threads still wait for a file to fill", running.size());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
