package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Scrypt;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

/**
 * Config and ciphers of a volume that is about to be written, with the parameters of gocryptfs 2.4.
 *
 * @param flags in the order the reference lists them
 */
record NewVolume(GocryptfsConfig config, List<FeatureFlag> flags, VolumeCiphers ciphers) {
  private static final String CREATOR = "unsealfs";
  private static final int SALT_SIZE = 32;
  private static final int SCRYPT_R = 8;
  private static final int SCRYPT_P = 1;
  private static final VolumeLimits WHAT_MEMORY_ALLOWS =
      new VolumeLimits(Long.MAX_VALUE, Long.MAX_VALUE);
  private static final List<FeatureFlag> DEFAULT_FLAGS =
      List.of(
          FeatureFlag.HKDF,
          FeatureFlag.GCM_IV_128,
          FeatureFlag.DIR_IV,
          FeatureFlag.EME_NAMES,
          FeatureFlag.LONG_NAMES,
          FeatureFlag.RAW64);
  private static final List<FeatureFlag> PLAINTEXT_NAMES_FLAGS =
      List.of(FeatureFlag.HKDF, FeatureFlag.GCM_IV_128, FeatureFlag.PLAINTEXT_NAMES);

  /**
   * A volume for {@code key}: a passphrase wraps a random master key; a raw key is the master key,
   * and what the config holds as its wrapped copy opens with nothing, since there is no passphrase.
   *
   * @param scryptLogN base-2 logarithm of scrypt's N, 10 to 28
   */
  static NewVolume create(
      VolumeKey key, boolean plaintextNames, int scryptLogN, SecureRandom random)
      throws IOException {
    ScryptCost cost = new ScryptCost(1 << scryptLogN, SCRYPT_R, SCRYPT_P);
    byte[] salt = random(random, SALT_SIZE);
    byte[] kek = {};
    byte[] masterKey = {};
    try {
      switch (key) {
        case VolumeKey.Passphrase passphrase -> {
          kek = stretch(passphrase, salt, cost);
          masterKey = random(random, GocryptfsConfig.MASTER_KEY_SIZE);
        }
        case VolumeKey.RawKey raw -> {
          kek = random(random, ConfigText.KEY_LENGTH);
          masterKey = masterKey(raw);
        }
      }
      byte[] wrapped = KeyWrap.wrap(kek, masterKey, random(random, KeyWrap.nonceSize(true)), true);
      List<FeatureFlag> flags = plaintextNames ? PLAINTEXT_NAMES_FLAGS : DEFAULT_FLAGS;
      GocryptfsConfig config =
          new GocryptfsConfig(CREATOR, wrapped, salt, cost, EnumSet.copyOf(flags), 0);
      return new NewVolume(config, flags, VolumeCiphers.derive(config, masterKey));
    } finally {
      Arrays.fill(kek, (byte) 0);
      Arrays.fill(masterKey, (byte) 0);
    }
  }

  private static byte[] stretch(VolumeKey.Passphrase passphrase, byte[] salt, ScryptCost cost)
      throws IOException {
    if (passphrase.memory().size() == 0) {
      throw new WrongKeyException("an empty passphrase protects nothing; give another");
    }
    cost.checkAffordable(WHAT_MEMORY_ALLOWS);
    try {
      return passphrase.use(
          bytes -> Scrypt.derive(bytes, salt, cost.n(), cost.r(), cost.p(), ConfigText.KEY_LENGTH));
    } catch (OutOfMemoryError e) {
      // The heap was checked, but others may have taken it meanwhile.
      throw new VolumeFormatException(
          "scrypt found too little memory: choose a smaller N or give Java a larger heap", e);
    }
  }

  private static byte[] masterKey(VolumeKey.RawKey raw) throws WrongKeyException {
    int size = raw.memory().size();
    if (size != GocryptfsConfig.MASTER_KEY_SIZE) {
      throw new WrongKeyException(
          "the master key has " + size + " bytes, a gocryptfs master key has 32");
    }
    return raw.use(byte[]::clone);
  }

  private static byte[] random(SecureRandom random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }
}
