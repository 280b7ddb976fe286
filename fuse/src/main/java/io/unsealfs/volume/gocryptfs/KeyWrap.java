package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.Hkdf;
import io.unsealfs.volume.WrongKeyException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;

/**
 * The wrapped master key: always AES-256-GCM, whatever the content uses (gocryptfs.md section 2).
 * Stored: nonce, ciphertext, tag; associated data are 8 zero bytes.
 */
final class KeyWrap {
  private static final byte[] NO_SALT = {};
  private static final byte[] ASSOCIATED_DATA = new byte[8];
  private static final byte[] INFO =
      ContentAlgorithm.AES_256_GCM.derivation.getBytes(StandardCharsets.US_ASCII);

  private KeyWrap() {}

  static int nonceSize(boolean hkdf) {
    return hkdf ? 16 : 12;
  }

  static int wrappedSize(boolean hkdf) {
    return nonceSize(hkdf) + GocryptfsConfig.MASTER_KEY_SIZE + Aead.TAG_SIZE;
  }

  /**
   * The master key; the caller wipes it.
   *
   * @param kek what scrypt made of the passphrase
   * @param wrapped {@code wrappedSize(hkdf)} bytes
   * @throws WrongKeyException if the tag is wrong
   */
  static byte[] unwrap(byte[] kek, byte[] wrapped, boolean hkdf) throws WrongKeyException {
    byte[] masterKey = new byte[GocryptfsConfig.MASTER_KEY_SIZE];
    int nonceSize = nonceSize(hkdf);
    try (Aead cipher = cipher(kek, hkdf);
        Aead.Worker worker = cipher.borrow()) {
      worker.open(
          wrapped,
          0,
          ASSOCIATED_DATA,
          wrapped,
          nonceSize,
          wrapped.length - nonceSize,
          masterKey,
          0);
      return masterKey;
    } catch (AEADBadTagException e) {
      throw new WrongKeyException(
          "the passphrase does not open this volume: it is wrong, or EncryptedKey or Salt in "
              + GocryptfsConfig.FILE_NAME
              + " is damaged");
    }
  }

  /**
   * The wrapped form of {@code masterKey}.
   *
   * @param nonce {@code nonceSize(hkdf)} random bytes
   */
  static byte[] wrap(byte[] kek, byte[] masterKey, byte[] nonce, boolean hkdf) {
    byte[] wrapped = Arrays.copyOf(nonce, wrappedSize(hkdf));
    try (Aead cipher = cipher(kek, hkdf);
        Aead.Worker worker = cipher.borrow()) {
      worker.seal(
          nonce, 0, ASSOCIATED_DATA, masterKey, 0, masterKey.length, wrapped, nonceSize(hkdf));
    }
    return wrapped;
  }

  private static Aead cipher(byte[] kek, boolean hkdf) {
    byte[] key =
        hkdf
            ? Hkdf.SHA256.derive(kek, NO_SALT, INFO, GocryptfsConfig.MASTER_KEY_SIZE)
            : kek.clone();
    try {
      return new AesGcm(key, nonceSize(hkdf));
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }
}
