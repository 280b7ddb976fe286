package io.unsealfs.volume.gocryptfs;

import io.unsealfs.volume.VolumeFormatException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A consistent {@code gocryptfs.conf}, read or to be written: the constructor refuses what
 * gocryptfs.md section 2 says to refuse. Immutable.
 */
final class GocryptfsConfig {
  static final String FILE_NAME = "gocryptfs.conf";
  static final int VERSION = 2;

  /** Threshold of long names where the config names none. */
  static final int DEFAULT_LONG_NAME_MAX = 255;

  /** What the reference's command line takes as least. */
  static final int MIN_LONG_NAME_MAX = 62;

  static final int MASTER_KEY_SIZE = 32;
  private static final int MIN_SALT = 32;
  private static final int MAX_SALT = 1024;

  private final String creator;
  private final byte[] encryptedKey;
  private final byte[] salt;
  private final ScryptCost scrypt;
  private final Set<FeatureFlag> flags;
  private final int longNameMax;

  /**
   * A config of these values, checked.
   *
   * @param creator what wrote it, informative
   * @param encryptedKey wrapped master key: 64 bytes with flag HKDF, 60 without
   * @param salt of scrypt, 32 to 1024 bytes
   * @param longNameMax member {@code LongNameMax}, 0 if there is none
   */
  GocryptfsConfig(
      String creator,
      byte[] encryptedKey,
      byte[] salt,
      ScryptCost scrypt,
      Set<FeatureFlag> flags,
      int longNameMax)
      throws VolumeFormatException {
    this.creator = creator;
    this.encryptedKey = encryptedKey.clone();
    this.salt = salt.clone();
    this.scrypt = scrypt;
    this.flags =
        Collections.unmodifiableSet(
            flags.isEmpty() ? EnumSet.noneOf(FeatureFlag.class) : EnumSet.copyOf(flags));
    this.longNameMax = longNameMax;
    checkContentFlags();
    checkNameFlags();
    checkScrypt();
    int expected = KeyWrap.wrappedSize(has(FeatureFlag.HKDF));
    if (encryptedKey.length != expected) {
      throw bad("EncryptedKey has " + encryptedKey.length + " bytes instead of " + expected);
    }
  }

  private void checkContentFlags() throws VolumeFormatException {
    boolean siv = has(FeatureFlag.AES_SIV);
    boolean xchacha = has(FeatureFlag.XCHACHA20_POLY1305);
    boolean gcmIv = has(FeatureFlag.GCM_IV_128);
    if (siv && xchacha) {
      throw bad("flags AESSIV and XChaCha20Poly1305 exclude each other");
    }
    if (xchacha && gcmIv) {
      throw bad("flags XChaCha20Poly1305 and GCMIV128 exclude each other");
    }
    if (xchacha && !has(FeatureFlag.HKDF)) {
      throw bad("flag XChaCha20Poly1305 needs flag HKDF");
    }
    if (!xchacha && !gcmIv) {
      throw bad("flag GCMIV128 is missing: volumes of gocryptfs 0.6 and older are not supported");
    }
  }

  private void checkNameFlags() throws VolumeFormatException {
    if (has(FeatureFlag.PLAINTEXT_NAMES)) {
      for (FeatureFlag flag :
          new FeatureFlag[] {
            FeatureFlag.DIR_IV,
            FeatureFlag.EME_NAMES,
            FeatureFlag.LONG_NAMES,
            FeatureFlag.RAW64,
            FeatureFlag.LONG_NAME_MAX
          }) {
        if (has(flag)) {
          throw bad("flags PlaintextNames and " + flag.text + " exclude each other");
        }
      }
    }
    if (has(FeatureFlag.LONG_NAME_MAX)) {
      if (longNameMax < MIN_LONG_NAME_MAX || longNameMax > DEFAULT_LONG_NAME_MAX) {
        throw bad("LongNameMax is " + longNameMax + ", it has to be 62 to 255");
      }
    } else if (longNameMax != 0) {
      throw bad("LongNameMax is " + longNameMax + " without the flag LongNameMax");
    }
  }

  private void checkScrypt() throws VolumeFormatException {
    if (scrypt.n() < ScryptCost.MIN_N || Integer.bitCount(scrypt.n()) != 1) {
      throw bad("scrypt N is " + scrypt.n() + ", it has to be a power of two from 1024 up");
    }
    if (scrypt.r() < ScryptCost.MIN_R) {
      throw bad("scrypt R is " + scrypt.r() + ", it has to be at least 8");
    }
    if (scrypt.p() < ScryptCost.MIN_P) {
      throw bad("scrypt P is " + scrypt.p() + ", it has to be at least 1");
    }
    if (scrypt.n() > ScryptCost.MAX_N
        || scrypt.r() > ScryptCost.MAX_R
        || (long) scrypt.r() * scrypt.p() > ScryptCost.MAX_LANES) {
      throw bad(
          "scrypt N=" + scrypt.n() + " R=" + scrypt.r() + " P=" + scrypt.p() + " is out of range");
    }
    if (salt.length < MIN_SALT || salt.length > MAX_SALT) {
      throw bad("the scrypt salt has " + salt.length + " bytes, it has to have 32 to 1024");
    }
  }

  static VolumeFormatException bad(String why) {
    return new VolumeFormatException(FILE_NAME + ": " + why);
  }

  String creator() {
    return creator;
  }

  /** A copy of the wrapped master key. */
  byte[] encryptedKey() {
    return encryptedKey.clone();
  }

  /** A copy of the scrypt salt. */
  byte[] salt() {
    return salt.clone();
  }

  ScryptCost scrypt() {
    return scrypt;
  }

  Set<FeatureFlag> flags() {
    return flags;
  }

  boolean has(FeatureFlag flag) {
    return flags.contains(flag);
  }

  /** Encoded names longer than this are stored as long names. */
  int longNameLimit() {
    return has(FeatureFlag.LONG_NAME_MAX) ? longNameMax : DEFAULT_LONG_NAME_MAX;
  }

  ContentAlgorithm contentAlgorithm() {
    if (has(FeatureFlag.AES_SIV)) {
      return ContentAlgorithm.AES_SIV_512;
    }
    return has(FeatureFlag.XCHACHA20_POLY1305)
        ? ContentAlgorithm.XCHACHA20_POLY1305
        : ContentAlgorithm.AES_256_GCM;
  }

  NameMode nameMode() {
    if (has(FeatureFlag.PLAINTEXT_NAMES)) {
      return NameMode.PLAINTEXT;
    }
    return has(FeatureFlag.DIR_IV) ? NameMode.PER_DIRECTORY : NameMode.DETERMINISTIC;
  }

  /** What becomes of names. */
  enum NameMode {
    /** Stored as they are. */
    PLAINTEXT("plaintext"),
    /** Encrypted with the tweak in the directory's {@code gocryptfs.diriv}. */
    PER_DIRECTORY("encrypted"),
    /** Encrypted with a tweak of zeros. */
    DETERMINISTIC("encrypted, deterministic");

    final String text;

    NameMode(String text) {
      this.text = text;
    }
  }
}
