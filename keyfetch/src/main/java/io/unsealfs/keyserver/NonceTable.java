package io.unsealfs.keyserver;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The nonces of one server that shares them with nobody. Thread-safe.
 *
 * <p>Anybody may ask for a challenge, so whatever is stored per challenge can be filled up by
 * asking: dropping the oldest then throws out honest clients' nonces, refusing new ones locks
 * honest clients out. Therefore nothing is stored. A nonce is
 *
 * <pre>issue time (8) || random (8) || HMAC-SHA-256(process key, issue time || random), cut to 16
 * </pre>
 *
 * and only the table of <em>spent</em> nonces takes memory. To get into it costs a nonce of ours
 * and a request that passed the rate limit; entries leave when their nonce would be too old anyway.
 * The table is bounded, and sized so that the rate limit fills it at most to the brim; if it is
 * full all the same, uses are refused, because forgetting a spent nonce would allow a replay.
 *
 * <p>The process key is fresh in each process: no nonce survives a restart. Times come from a
 * monotonic clock, because a wall clock set back would revive spent nonces.
 */
final class NonceTable implements Nonces {
  private final int capacity;
  private final long lifetimeNanos;
  private final LongSupplier nanoClock;
  private final SecureRandom random = new SecureRandom();
  private final NonceSeal seal;
  // in the order of use, so that the head is what leaves first; guarded by this
  private final Map<ByteBuffer, Long> spent = new LinkedHashMap<>();

  /**
   * A table.
   *
   * @param capacity how many spent nonces are remembered
   * @param nanoClock a monotonic clock in nanoseconds
   */
  NonceTable(int capacity, Duration lifetime, LongSupplier nanoClock) {
    this.capacity = capacity;
    this.lifetimeNanos = lifetime.toNanos();
    this.nanoClock = nanoClock;
    byte[] key = new byte[NonceSeal.KEY_SIZE];
    random.nextBytes(key);
    this.seal = new NonceSeal(key);
  }

  @Override
  public byte[] issue() {
    byte[] stamp = new byte[NonceSeal.STAMP_SIZE];
    random.nextBytes(stamp);
    ByteBuffer.wrap(stamp).putLong(nanoClock.getAsLong());
    return seal.seal(stamp);
  }

  @Override
  public Use use(byte[] nonce) {
    if (!seal.isGenuine(nonce)) {
      return Use.INVALID;
    }
    long issued = ByteBuffer.wrap(nonce).getLong();
    synchronized (this) {
      long now = nanoClock.getAsLong();
      long age = now - issued;
      if (age < 0 || age > lifetimeNanos) {
        return Use.INVALID;
      }
      forgetExpired(now);
      ByteBuffer key = ByteBuffer.wrap(nonce.clone());
      if (spent.containsKey(key)) {
        return Use.INVALID;
      }
      if (spent.size() >= capacity) {
        return Use.FULL;
      }
      spent.put(key, now);
      return Use.FRESH;
    }
  }

  /** How many spent nonces are remembered. */
  synchronized int size() {
    return spent.size();
  }

  private void forgetExpired(long now) {
    Iterator<Long> uses = spent.values().iterator();
    // a nonce is issued before it is used: a lifetime after its use it is too old for certain
    while (uses.hasNext() && now - uses.next() > lifetimeNanos) {
      uses.remove();
    }
  }
}
