package io.unsealfs.volume.luks;

import io.unsealfs.crypto.Pbkdf2;
import io.unsealfs.volume.VolumeFormatException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hashes taken, for PBKDF2 and for the anti-forensic splitter. */
enum HashSpec {
  SHA1("sha1", "SHA-1", 20, Pbkdf2.HMAC_SHA1),
  SHA256("sha256", "SHA-256", 32, Pbkdf2.HMAC_SHA256),
  SHA512("sha512", "SHA-512", 64, Pbkdf2.HMAC_SHA512);

  final String text;
  final int size;
  final Pbkdf2 pbkdf2;
  private final String algorithm;

  HashSpec(String text, String algorithm, int size, Pbkdf2 pbkdf2) {
    this.text = text;
    this.algorithm = algorithm;
    this.size = size;
    this.pbkdf2 = pbkdf2;
  }

  static HashSpec of(String text, String where) throws VolumeFormatException {
    for (HashSpec spec : values()) {
      if (spec.text.equals(text)) {
        return spec;
      }
    }
    throw LuksHeader.bad(
        where + ": hash " + Shown.text(text) + " is not supported: sha1, sha256 and sha512 are");
  }

  MessageDigest digest() {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no " + algorithm, e);
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
