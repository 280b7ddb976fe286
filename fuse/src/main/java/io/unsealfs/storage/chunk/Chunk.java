package io.unsealfs.storage.chunk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One chunk of one version of an object: coming, present, failed or gone. Readers take bytes as
 * soon as they are there, not when the chunk is whole.
 *
 * <p>Several requests may bring the same chunk (a slow one and its double); each lands in a slab of
 * its own, and the chunk shows the one that is furthest, so that no two of them ever mix.
 */
final class Chunk {
  enum State {
    /** A request for it is queued, under way or waiting to be repeated. */
    COMING,
    /** Whole. */
    PRESENT,
    /** No request brought it; readers of the next second get the same answer. */
    FAILED,
    /** Given up without anybody waiting; whoever wants it asks anew. */
    GONE
  }

  /** More bytes than any chunk has. */
  private static final int NOBODY = Integer.MAX_VALUE;

  final StoredObject object;
  final int index;
  final int length;

  /** Guarded by the store's lock: users for whom it has to stay in memory. */
  int interest;

  /** Guarded by the store's lock: those of them who only bring its segment to the disk. */
  int warming;

  /** Guarded by the store's lock: whether a reader ever asked for it. */
  boolean demanded;

  /** Guarded by the store's lock: bytes that readers took, some perhaps twice. */
  long takenBytes;

  /** Guarded by the store's lock: whether it came from the disk, or was handed to it. */
  boolean stored;

  /** Guarded by the store's lock: brought for the disk only; not kept in memory for a reader. */
  boolean forDisk;

  /** Guarded by the store's lock: asked for again because its bytes were not authentic. */
  boolean refetched;

  /** Guarded by the store's lock: the request that is to bring it, for its rank in the queue. */
  @Nullable Fetch fetch;

  /** Guarded by the store's lock: place among the chunks in memory. */
  @Nullable ChunkList list;

  @Nullable Chunk before;
  @Nullable Chunk after;

  private State state = State.COMING; // guarded by this, like all below
  private @Nullable Slab slab;
  private int filled;

  /** Fewest bytes that somebody waits for; others are not woken for less. */
  private int wakeAt = NOBODY;

  private int attempts;
  private @Nullable IOException failure;
  private long failedNanos;

  Chunk(StoredObject object, int index) {
    this.object = object;
    this.index = index;
    this.length = ChunkGrid.length(index, object.size());
  }

  synchronized State state() {
    return state;
  }

  /** Whether all bytes are there. */
  boolean isPresent() {
    return state() == State.PRESENT;
  }

  /** Whether the last request for it was refused, not given up. */
  boolean isRefused() {
    return state() == State.FAILED;
  }

  /** Under the store's lock: whether somebody waits for it, or did and needs it anew. */
  boolean isWanted() {
    return interest > warming || refetched;
  }

  /** One more request is to bring it. */
  synchronized void expect() {
    attempts++;
  }

  /**
   * The first {@code bytes} of {@code landing} are there.
   *
   * @return whether that made the chunk whole, which happens once
   */
  synchronized boolean arrived(Slab landing, int bytes) {
    if (state != State.COMING || bytes <= filled) {
      return false;
    }
    if (slab != landing) {
      landing.retain();
      if (slab != null) {
        slab.release();
      }
      slab = landing;
    }
    filled = bytes;
    boolean whole = bytes == length;
    if (whole) {
      state = State.PRESENT;
    }
    if (filled >= wakeAt) {
      wakeAt = NOBODY;
      notifyAll();
    }
    return whole;
  }

  /**
   * A request ended without making it whole.
   *
   * @param cause null if the request was given up and not refused
   * @return whether it was the last one, so that the chunk will not come
   */
  synchronized boolean attemptEnded(@Nullable IOException cause, long nowNanos) {
    attempts--;
    if (attempts > 0 || state != State.COMING) {
      return false;
    }
    state = cause == null ? State.GONE : State.FAILED;
    failure = cause;
    failedNanos = nowNanos;
    dropSlab();
    notifyAll();
    return true;
  }

  /** Drops the bytes; a reader who copies keeps them until he is done. */
  synchronized void evict() {
    if (state == State.PRESENT) {
      state = State.GONE;
      dropSlab();
    }
  }

  private void dropSlab() {
    if (slab != null) {
      slab.release();
      slab = null;
    }
  }

  /** Why it did not come, if that is younger than {@code nanos}. */
  synchronized @Nullable IOException failureWithin(long nanos, long nowNanos) {
    return state == State.FAILED && nowNanos - failedNanos < nanos ? failure : null;
  }

  /**
   * Waits until the first {@code bytes} are there, or until it is clear that they will not come.
   *
   * @return whether the wait is over, one way or the other
   */
  synchronized boolean await(int bytes, long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (state == State.COMING && filled < bytes) {
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (leftMillis <= 0) {
        break;
      }
      wakeAt = Math.min(wakeAt, bytes);
      wait(leftMillis);
    }
    return state != State.COMING || filled >= bytes;
  }

  /**
   * Copies bytes that are there.
   *
   * @return false if the chunk is gone
   * @throws IOException why it did not come
   */
  boolean copy(int from, int count, ByteBuffer dst) throws IOException {
    Slab source;
    synchronized (this) {
      if (state == State.FAILED && failure != null) {
        throw failure;
      }
      if (slab == null || filled < from + count) {
        return false;
      }
      source = slab;
      source.retain();
    }
    try {
      dst.put(dst.position(), source.ciphertext(), from, count);
      dst.position(dst.position() + count);
      return true;
    } finally {
      source.release();
    }
  }

  /** The whole content, with one more user for the caller; null unless present. */
  synchronized @Nullable Slab borrow() {
    if (state != State.PRESENT || slab == null) {
      return null;
    }
    slab.retain();
    return slab;
  }

  @Override
  public String toString() {
    return object + " chunk " + index;
  }
}
