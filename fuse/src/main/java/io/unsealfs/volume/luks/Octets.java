package io.unsealfs.volume.luks;

/** Bytes of a header that nobody changes any more: a salt, a digest. No secrets. */
final class Octets {
  private final byte[] bytes;

  /** Holds a copy. */
  Octets(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  int length() {
    return bytes.length;
  }

  /** A copy. */
  byte[] bytes() {
    return bytes.clone();
  }
}
