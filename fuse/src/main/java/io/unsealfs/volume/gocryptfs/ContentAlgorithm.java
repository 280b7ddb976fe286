package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.AesSiv;
import io.unsealfs.crypto.XChaCha20Poly1305;

/** The three ciphers for content, link targets and attribute values. */
enum ContentAlgorithm {
  AES_256_GCM("AES-256-GCM", "AES-GCM file content encryption", 32, 16),
  AES_SIV_512("AES-SIV-512", "AES-SIV file content encryption", 64, 16),
  XCHACHA20_POLY1305("XChaCha20-Poly1305", "XChaCha20-Poly1305 file content encryption", 32, 24);

  /** Name for people. */
  final String text;

  /** The {@code info} of HKDF. */
  final String derivation;

  final int keySize;
  final int nonceSize;

  ContentAlgorithm(String text, String derivation, int keySize, int nonceSize) {
    this.text = text;
    this.derivation = derivation;
    this.keySize = keySize;
    this.nonceSize = nonceSize;
  }

  /** A cipher with a copy of {@code key}. */
  Aead cipher(byte[] key) {
    return switch (this) {
      case AES_256_GCM -> new AesGcm(key, nonceSize);
      case AES_SIV_512 -> new AesSiv(key, nonceSize);
      case XCHACHA20_POLY1305 -> new XChaCha20Poly1305(key, nonceSize);
    };
  }
}
