package io.unsealfs.keyserver;

import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.keyserver.store.StoreException;

/** Hands out single-use nonces and remembers the spent ones. Thread-safe. */
interface Nonces {
  /** Length of a nonce in bytes. */
  int NONCE_SIZE = WireLimits.NONCE_BYTES;

  /** What using a nonce led to. */
  enum Use {
    /** Ours, in time, and now spent. */
    FRESH,
    /** Not ours, too old, or used before. */
    INVALID,
    /** No room to remember that it is spent; it is still usable later. */
    FULL
  }

  /**
   * A fresh nonce.
   *
   * @throws StoreException if servers share nonces and what they share cannot be reached
   */
  byte[] issue() throws StoreException;

  /**
   * Spends a nonce: whatever comes of the request, it cannot be used again.
   *
   * @throws StoreException if servers share nonces and what they share cannot be reached; nothing
   *     may be released then
   */
  Use use(byte[] nonce) throws StoreException;

  /** Another identity key is in force; servers that share nonces know each other by it. */
  default void follow(IdentityKey identity) {}
}
