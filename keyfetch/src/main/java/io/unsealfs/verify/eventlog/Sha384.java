package io.unsealfs.verify.eventlog;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The digest of the registers. */
final class Sha384 {
  private Sha384() {}

  static MessageDigest create() {
    try {
      return MessageDigest.getInstance("SHA-384");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-384", e);
    }
  }

  static byte[] of(byte[] data) {
    return create().digest(data);
  }
}
