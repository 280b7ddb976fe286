package io.unsealfs.key.wire;

import java.nio.ByteBuffer;
import org.bouncycastle.crypto.hpke.HPKE;

/**
 * The HPKE suite of the protocol (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM,
 * base mode. There is one; a change of suite is a new protocol version, not a negotiation.
 */
record HpkeSuite(int mode, int kem, int kdf, int aead) {
  /** Length of a serialised public key and of an encapsulated key, in bytes. */
  static final int KEY_BYTES = 32;

  /** Length of the AEAD's tag, in bytes. */
  static final int TAG_BYTES = 16;

  static final HpkeSuite V1 =
      new HpkeSuite(
          HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);

  HpkeSuite {
    if (mode != HPKE.mode_base
        || kem != HPKE.kem_X25519_SHA256
        || kdf != HPKE.kdf_HKDF_SHA256
        || aead != HPKE.aead_AES_GCM256) {
      throw new IllegalArgumentException(
          "HPKE mode %d, KEM 0x%04x, KDF 0x%04x, AEAD 0x%04x is not the suite of this protocol"
              .formatted(mode, kem, kdf, aead));
    }
  }

  /** KEM, KDF and AEAD identifiers as RFC 9180 section 5.1 orders them, 2 bytes each. */
  byte[] ids() {
    return ByteBuffer.allocate(6)
        .putShort((short) kem)
        .putShort((short) kdf)
        .putShort((short) aead)
        .array();
  }

  HPKE newHpke() {
    return new HPKE((byte) mode, (short) kem, (short) kdf, (short) aead);
  }
}
