package io.unsealfs.volume.luks;

/**
 * One place where the volume key, or another key, is stored under a passphrase.
 *
 * @param number 0 to 31
 * @param priority order of trying: 0 only when named, 1 normal, 2 first
 * @param keySize bytes of the key stored
 * @param areaOffset where the split key begins on the header device, bytes
 * @param areaSize bytes set aside for it
 * @param areaCipher what it is encrypted with, in sectors of 512 bytes counted from 0
 * @param areaKeySize bytes of that cipher's key
 * @param splitHash hash of the anti-forensic splitter
 */
record KeySlot(
    int number,
    int priority,
    int keySize,
    long areaOffset,
    long areaSize,
    CipherSpec areaCipher,
    int areaKeySize,
    HashSpec splitHash,
    Kdf kdf) {
  static final int NO_PRIORITY = 0;
  static final int NORMAL_PRIORITY = 1;
  static final int MOST_PRIORITY = 2;

  /** Bytes of the split key. */
  long materialSize() {
    return (long) keySize * AntiForensic.STRIPES;
  }

  long areaEnd() {
    return Math.addExact(areaOffset, areaSize);
  }
}
