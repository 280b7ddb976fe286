package io.unsealfs.volume.luks;

import io.unsealfs.crypto.Deadline;
import io.unsealfs.crypto.KdfTimeoutException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Set;

/**
 * Tells whether a key is the right one.
 *
 * @param slots numbers of the slots whose key it is
 * @param bindsSegment whether it is the key of the data; of another kind of key it is not
 */
record KeyDigest(
    Set<Integer> slots,
    boolean bindsSegment,
    HashSpec hash,
    int iterations,
    Octets salt,
    Octets digest) {

  /** Whether {@code key} is the key; compares all bytes, in constant time. */
  boolean accepts(byte[] key, Deadline deadline) throws KdfTimeoutException {
    byte[] actual = hash.pbkdf2.derive(key, salt.bytes(), iterations, digest.length(), deadline);
    try {
      return MessageDigest.isEqual(actual, digest.bytes());
    } finally {
      Arrays.fill(actual, (byte) 0);
    }
  }
}
