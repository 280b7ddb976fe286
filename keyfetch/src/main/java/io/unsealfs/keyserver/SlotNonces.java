package io.unsealfs.keyserver;

import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.keyserver.store.SharedStore;
import io.unsealfs.keyserver.store.StoreException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Nonces that every server of a group takes, each of them once. Thread-safe.
 *
 * <p>As in {@link NonceTable} nothing is stored for a challenge: asking for a million of them must
 * cost the common store nothing. A nonce is
 *
 * <pre>slot of the shared store (8) || random (8) || HMAC-SHA-256(group key, both), cut to 16</pre>
 *
 * and only what was spent becomes a mark in its slot. A server opens a slot of its own four times
 * per life of a nonce, so that a nonce lives between one and one and a quarter lives. Slots end by
 * the store's clock, together with their marks and for ever: a nonce whose mark is gone is of a
 * slot that is gone. Wall clocks of the servers, which may differ or be set back, play no part.
 *
 * <p>The group key is derived from the identity key, which the servers share already.
 */
final class SlotNonces implements Nonces {
  private static final int SLOTS_PER_LIFE = 4;
  private static final String KEY_LABEL = "unsealfs keyserver v1 nonces";

  private record Slot(long number, long openedNanos) {}

  private final SharedStore store;
  private final Duration lifetime;
  private final LongSupplier nanoClock;
  private final SecureRandom random = new SecureRandom();
  private volatile NonceSeal seal;
  private volatile @Nullable Slot slot;

  /**
   * Nonces over {@code store}.
   *
   * @param lifetime how long each is good at least
   * @param nanoClock a monotonic clock in nanoseconds
   */
  SlotNonces(SharedStore store, Duration lifetime, IdentityKey identity, LongSupplier nanoClock) {
    this.store = store;
    this.lifetime = lifetime;
    this.nanoClock = nanoClock;
    this.seal = seal(identity);
  }

  private static NonceSeal seal(IdentityKey identity) {
    return new NonceSeal(identity.derive(KEY_LABEL, NonceSeal.KEY_SIZE));
  }

  @Override
  public void follow(IdentityKey identity) {
    seal = seal(identity);
  }

  @Override
  public byte[] issue() throws StoreException {
    byte[] stamp = new byte[NonceSeal.STAMP_SIZE];
    random.nextBytes(stamp);
    ByteBuffer.wrap(stamp).putLong(currentSlot());
    return seal.seal(stamp);
  }

  private long currentSlot() throws StoreException {
    Slot current = slot;
    if (current != null && isYoung(current)) {
      return current.number();
    }
    return nextSlot();
  }

  /** One thread opens the next slot, the others wait for it: they have nothing to issue from. */
  private synchronized long nextSlot() throws StoreException {
    Slot current = slot;
    if (current == null || !isYoung(current)) {
      long opened = nanoClock.getAsLong();
      current = new Slot(store.openSlot(lifetime.plus(slotAge())), opened);
      slot = current;
    }
    return current.number();
  }

  private boolean isYoung(Slot candidate) {
    return nanoClock.getAsLong() - candidate.openedNanos() < slotAge().toNanos();
  }

  private Duration slotAge() {
    return lifetime.dividedBy(SLOTS_PER_LIFE);
  }

  @Override
  public Use use(byte[] nonce) throws StoreException {
    if (!seal.isGenuine(nonce)) {
      return Use.INVALID;
    }
    ByteBuffer stamp = ByteBuffer.wrap(nonce);
    long number = stamp.getLong();
    return switch (store.mark(number, HexFormat.of().toHexDigits(stamp.getLong()))) {
      case SET -> Use.FRESH;
      case TAKEN -> Use.INVALID;
      case SLOT_ENDED -> {
        forget(number);
        yield Use.INVALID;
      }
    };
  }

  /** The store was emptied or restored: nonces of this slot are dead before their time. */
  private synchronized void forget(long number) {
    Slot current = slot;
    if (current != null && current.number() == number) {
      slot = null;
    }
  }
}
