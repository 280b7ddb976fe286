package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.Eme;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Encrypts and decrypts names of files and of extended attributes (gocryptfs.md section 6). */
final class NameCipher implements AutoCloseable {

  /** Tweak of names in volumes without per-directory tweaks. */
  private static final byte[] DETERMINISTIC_TWEAK = new byte[Eme.TWEAK_SIZE];

  private static final byte[] XATTR_TWEAK = "xattr_name_iv_xx".getBytes(StandardCharsets.US_ASCII);

  private static final int BLOCK = 16;

  /** Bytes of the longest encrypted name: 255 padded. */
  private static final int MAX_ENCRYPTED = 256;

  private static final int MAX_XATTR_NAME = 255;

  private final Eme eme;
  private final Base64Url base64;

  NameCipher(Eme eme, Base64Url base64) {
    this.eme = eme;
    this.base64 = base64;
  }

  static byte[] deterministicTweak() {
    return DETERMINISTIC_TWEAK.clone();
  }

  Base64Url base64() {
    return base64;
  }

  /** The encoded form of a file name; may be longer than a directory entry can be. */
  Name encrypt(Name name, byte[] tweak) {
    return base64.encode(eme.encrypt(tweak, pad(name.toBytes())));
  }

  /**
   * The file name behind an encoded one.
   *
   * @throws IntegrityException if there is none; the message says why
   */
  Name decrypt(Name encoded, byte[] tweak) throws IntegrityException {
    byte[] name = decryptBytes(encoded, tweak);
    if (!isFileName(name)) {
      throw new IntegrityException("decrypts to what cannot be a file name");
    }
    return Name.of(name);
  }

  Name encryptXattrName(Name name) {
    return base64.encode(eme.encrypt(XATTR_TWEAK, pad(name.toBytes())));
  }

  /**
   * The attribute name behind an encoded one.
   *
   * @throws IntegrityException if there is none
   */
  Name decryptXattrName(Name encoded) throws IntegrityException {
    byte[] name = decryptBytes(encoded, XATTR_TWEAK);
    if (name.length == 0 || name.length > MAX_XATTR_NAME || contains(name, 0)) {
      throw new IntegrityException("decrypts to what cannot be an attribute name");
    }
    return Name.of(name);
  }

  /** Whether a directory can have an entry of that name: 1 to 255 bytes, no slash, no NUL. */
  static boolean isFileName(byte[] name) {
    return name.length >= 1
        && name.length <= FileTree.NAME_MAX
        && !contains(name, '/')
        && !contains(name, 0)
        && !(name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.')));
  }

  private byte[] decryptBytes(Name encoded, byte[] tweak) throws IntegrityException {
    byte[] encrypted = base64.decode(encoded.toBytes());
    if (encrypted.length == 0
        || encrypted.length % BLOCK != 0
        || encrypted.length > MAX_ENCRYPTED) {
      throw new IntegrityException("not a whole number of cipher blocks");
    }
    return unpad(eme.decrypt(tweak, encrypted));
  }

  private static byte[] pad(byte[] name) {
    int padding = BLOCK - name.length % BLOCK;
    byte[] padded = Arrays.copyOf(name, name.length + padding);
    Arrays.fill(padded, name.length, padded.length, (byte) padding);
    return padded;
  }

  private static byte[] unpad(byte[] padded) throws IntegrityException {
    int padding = padded[padded.length - 1] & 0xff;
    if (padding < 1 || padding > BLOCK || padding >= padded.length) {
      throw new IntegrityException("wrong padding: foreign, damaged, or of another directory");
    }
    int length = padded.length - padding;
    for (int i = length; i < padded.length; i++) {
      if (padded[i] != padding) {
        throw new IntegrityException("wrong padding: foreign, damaged, or of another directory");
      }
    }
    return Arrays.copyOf(padded, length);
  }

  private static boolean contains(byte[] bytes, int value) {
    for (byte b : bytes) {
      if (b == value) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    eme.close();
  }
}
