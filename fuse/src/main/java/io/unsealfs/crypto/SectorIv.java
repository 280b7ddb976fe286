package io.unsealfs.crypto;

/** How a sector's initialisation vector follows from its number (luks.md section 4). */
public enum SectorIv {
  /** The low 32 bits of the number, little-endian, then zeros. */
  PLAIN,
  /** All 64 bits of the number, little-endian, then zeros. */
  PLAIN64,
  /** As {@link #PLAIN64}, encrypted under the SHA-256 of the key. */
  ESSIV_SHA256;

  /** Writes the number of {@code unit} as 16 bytes, before any encryption of it. */
  void write(long unit, byte[] out, int offset) {
    SectorCipher.LONGS.set(out, offset, this == PLAIN ? unit & 0xffff_ffffL : unit);
    SectorCipher.LONGS.set(out, offset + Long.BYTES, 0L);
  }
}
