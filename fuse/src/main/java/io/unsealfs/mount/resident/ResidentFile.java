package io.unsealfs.mount.resident;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.MemoryFile;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One file on its way into memory. Whoever has time claims a piece, decrypts it and writes it into
 * the {@link MemoryFile}; each piece is decrypted once. Which pieces are there is known here only:
 * the kernel would take one that is missing for zeros, so it is given the memory only when all are.
 */
public final class ResidentFile {
  /** What is claimed at a time, bytes. */
  public static final int PIECE_BYTES = 1 << 20;

  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private static final int MISSING = 0;
  private static final int CLAIMED = 1;
  private static final int THERE = 2;

  /** Who has the memory, and is told what becomes of the file. */
  interface Keeper {
    /** A piece is about to take memory. May give the file up. */
    void filling(ResidentFile file);

    /** A piece was claimed and not filled: somebody else has to do it. */
    void putBack(ResidentFile file);

    /** The filling has ended; called once, by the thread that ends it. */
    void decided(ResidentFile file);
  }

  /** From FILLING to one of the others, once. */
  public enum State {
    FILLING,
    RESIDENT,
    GIVEN_UP
  }

  private final long fileId;
  private final MemoryFile memory;
  private final Source source;
  private final long size;
  private final Keeper keeper;
  private final AtomicIntegerArray pieces;
  private final AtomicInteger cursor = new AtomicInteger();
  private final Queue<Integer> putBack = new ConcurrentLinkedQueue<>();
  private final AtomicInteger missing;
  private final AtomicReference<State> state = new AtomicReference<>(State.FILLING);
  private volatile @Nullable String reason;
  private volatile boolean damaged;
  private volatile boolean begun;

  /** Users: openers and waiters; guarded by {@link Residents}. */
  int pins;

  /**
   * A file of which nothing is there yet.
   *
   * @param source plaintext; closed when the file is decided
   */
  ResidentFile(long fileId, MemoryFile memory, Source source, Keeper keeper) {
    this.fileId = fileId;
    this.memory = memory;
    this.source = source;
    this.size = source.size();
    this.keeper = keeper;
    int count = Math.toIntExact((size + PIECE_BYTES - 1) / PIECE_BYTES);
    this.pieces = new AtomicIntegerArray(count);
    this.missing = new AtomicInteger(count);
  }

  /** Stands for this version of its bytes. */
  public long fileId() {
    return fileId;
  }

  /** Bytes of plaintext. */
  public long size() {
    return size;
  }

  /** Where it is in its life. */
  public State state() {
    return state.get();
  }

  /** Why it was given up. */
  @Nullable String reason() {
    return reason;
  }

  /** Whether it was given up since its ciphertext is damaged: trying again is of no use. */
  boolean isDamaged() {
    return damaged;
  }

  /** What the kernel may read once the state is RESIDENT. */
  public MemoryFile memory() {
    return memory;
  }

  /** The memory for it is free from now on; before, no piece is claimed. */
  void begin() {
    begun = true;
  }

  /** Whether {@link #begin} was called. */
  boolean isBegun() {
    return begun;
  }

  /** What is there of it, in whole pieces; bytes. */
  long filledBytes() {
    return (long) (pieces.length() - missing.get()) * PIECE_BYTES;
  }

  /**
   * Fills the next piece that nobody has claimed.
   *
   * @param plaintext of {@link #PIECE_BYTES}
   * @return false if there is none
   * @throws InterruptedIOException if this thread was interrupted; the piece is put back
   */
  boolean fillNext(byte[] plaintext) throws InterruptedIOException {
    while (state.get() == State.FILLING) {
      Integer again = putBack.poll();
      int piece = again == null ? cursor.getAndIncrement() : again;
      if (piece >= pieces.length()) {
        return false;
      }
      if (pieces.compareAndSet(piece, MISSING, CLAIMED)) {
        fill(piece, plaintext);
        return true;
      }
    }
    return false;
  }

  /** Whether a piece was put back that nobody has claimed since. */
  boolean hasPutBack() {
    return !putBack.isEmpty();
  }

  private boolean isFilling() {
    return state.get() == State.FILLING;
  }

  private void fill(int piece, byte[] plaintext) throws InterruptedIOException {
    long offset = (long) piece * PIECE_BYTES;
    int length = (int) Math.min(PIECE_BYTES, size - offset);
    try {
      keeper.filling(this);
      if (!isFilling()) {
        return;
      }
      if (source.read(offset, ByteBuffer.wrap(plaintext, 0, length)) != length) {
        throw new StorageException("fewer bytes than the file has");
      }
      // who gives it up meanwhile may have wiped it before the bytes are there
      memory.write(plaintext, length, offset, this::isFilling);
    } catch (InterruptedIOException e) {
      // his own affair, not the file's
      pieces.set(piece, MISSING);
      putBack.add(piece);
      wake();
      keeper.putBack(this);
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      if (e instanceof IntegrityException) {
        // never back: others who were at it fail in other ways once its source is closed
        damaged = true;
      }
      // what is no error of the data may have anything in its text
      giveUp(e instanceof IOException ? String.valueOf(e.getMessage()) : e.getClass().getName());
      return;
    }
    pieces.set(piece, THERE);
    boolean last = missing.decrementAndGet() == 0;
    if (last) {
      decide(State.RESIDENT);
    } else {
      wake();
    }
  }

  /** Ends the filling without a result; does nothing once it has ended. */
  void giveUp(String why) {
    if (state.get() == State.FILLING) {
      reason = why;
      decide(State.GIVEN_UP);
    }
  }

  private void decide(State decision) {
    if (!state.compareAndSet(State.FILLING, decision)) {
      return;
    }
    wake();
    keeper.decided(this);
  }

  private synchronized void wake() {
    notifyAll();
  }

  /**
   * Reads plaintext from what is there, decrypting what is not.
   *
   * @param offset first byte, {@code >= 0}
   * @return bytes read, as {@link Source#read}; -1, with nothing of {@code dst} used, if the file
   *     was given up or is not begun
   */
  public int read(long offset, ByteBuffer dst) throws IOException {
    long end = Math.min(size, offset + dst.remaining());
    for (long at = offset; at < end; at = (at / PIECE_BYTES + 1) * PIECE_BYTES) {
      if (!isThere((int) (at / PIECE_BYTES))) {
        return -1;
      }
    }
    if (offset >= end) {
      return 0;
    }
    int start = dst.position();
    int limit = dst.limit();
    try {
      dst.limit(start + (int) (end - offset));
      int got = memory.read(dst, offset);
      // what was given up is overwritten: zeros are no plaintext
      if (got == end - offset && state.get() != State.GIVEN_UP) {
        return got;
      }
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "memory of a resident file", e);
    } finally {
      dst.limit(limit);
    }
    dst.position(start);
    return -1; // dropped meanwhile
  }

  /** Makes sure of a piece; false if the file was given up or is not begun. */
  private boolean isThere(int piece) throws IOException {
    while (true) {
      if (pieces.get(piece) == THERE) {
        return true;
      }
      if (!begun || state.get() != State.FILLING) {
        return pieces.get(piece) == THERE;
      }
      if (pieces.compareAndSet(piece, MISSING, CLAIMED)) {
        byte[] plaintext = new byte[PIECE_BYTES];
        try {
          fill(piece, plaintext);
        } finally {
          Arrays.fill(plaintext, (byte) 0);
        }
      } else {
        awaitChange(piece);
      }
    }
  }

  private synchronized void awaitChange(int piece) throws InterruptedIOException {
    while (pieces.get(piece) == CLAIMED && state.get() == State.FILLING) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while the file is being filled");
      }
    }
  }

  /** Closes the plaintext source; after the decision, once nobody fills any more. */
  void closeSource() {
    try {
      source.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing a file: {0}", e.getMessage());
    }
  }

  /**
   * Frees the memory. Whoever has it mapped gets SIGBUS from now on, whoever reads it the end of
   * the file.
   *
   * @param wipe whether to overwrite it first: only when nobody uses it, who would see zeros
   */
  void free(boolean wipe) {
    try {
      if (wipe) {
        wipe();
      }
      memory.resize(0);
    } catch (SystemCallException e) {
      LOG.log(Level.WARNING, "freeing the memory of a resident file: {0}", e.getMessage());
    } finally {
      memory.close();
    }
  }

  private void wipe() {
    byte[] zeros = new byte[PIECE_BYTES];
    for (int piece = 0; piece < pieces.length(); piece++) {
      if (pieces.get(piece) != MISSING) {
        long offset = (long) piece * PIECE_BYTES;
        try {
          memory.write(zeros, (int) Math.min(PIECE_BYTES, size - offset), offset);
        } catch (SystemCallException e) {
          // a piece for which there was no memory; the kernel clears what it gives to others anyway
          LOG.log(Level.DEBUG, "wiping the memory of a resident file", e);
        }
      }
    }
  }
}
