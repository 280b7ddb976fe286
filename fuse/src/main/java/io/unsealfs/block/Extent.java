package io.unsealfs.block;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Decrypted bytes of one extent and the count of those who hold them. The protocol is told in
 * {@link BlockCache}.
 */
final class Extent {
  private final BlockCache owner;
  private final byte[] plaintext;
  private final boolean readAhead;
  private final AtomicInteger holds = new AtomicInteger(1);
  // written by the loader before the extent is published
  private @Nullable BlockDamage damage;
  private volatile boolean used;

  /** An extent held once, by its maker. */
  Extent(BlockCache owner, byte[] plaintext, boolean readAhead) {
    this.owner = owner;
    this.plaintext = plaintext;
    this.readAhead = readAhead;
  }

  /** Takes a hold, unless the last one is already gone and the bytes with it. */
  boolean tryPin() {
    return tryPin(1);
  }

  /** Takes {@code count} holds at once. */
  boolean tryPin(int count) {
    for (int seen = holds.get(); seen > 0; seen = holds.get()) {
      if (holds.compareAndSet(seen, seen + count)) {
        return true;
      }
    }
    return false;
  }

  /** Drops a hold; the last one wipes the bytes and gives the array back. */
  void unpin() {
    int left = holds.decrementAndGet();
    if (left == 0) {
      owner.reclaim(this);
    } else if (left < 0) {
      throw new IllegalStateException("extent dropped more often than held");
    }
  }

  /** Copies plaintext; the caller holds the extent. */
  void copyTo(ByteBuffer dst, int offsetInExtent, int length) {
    dst.put(plaintext, offsetInExtent, length);
  }

  /** The array itself; the caller holds the extent. */
  byte[] plaintext() {
    return plaintext;
  }

  int length() {
    return plaintext.length;
  }

  @Nullable BlockDamage damage() {
    return damage;
  }

  void setDamage(@Nullable BlockDamage damage) {
    this.damage = damage;
  }

  /** Notes that a reader asked for this extent. */
  void markUsed() {
    if (!used) {
      used = true;
      if (readAhead) {
        owner.usedAhead(); // twice where two readers come at once: it is a figure
      }
    }
  }

  /** Whether it was loaded ahead and never asked for. */
  boolean isWasted() {
    return readAhead && !used;
  }
}
