package io.unsealfs.volume.gocryptfs;

import org.jspecify.annotations.Nullable;

/** The feature flags of {@code gocryptfs.conf}; an unknown one makes a volume unreadable. */
enum FeatureFlag {
  GCM_IV_128("GCMIV128"),
  HKDF("HKDF"),
  DIR_IV("DirIV"),
  EME_NAMES("EMENames"),
  LONG_NAMES("LongNames"),
  LONG_NAME_MAX("LongNameMax"),
  RAW64("Raw64"),
  AES_SIV("AESSIV"),
  XCHACHA20_POLY1305("XChaCha20Poly1305"),
  PLAINTEXT_NAMES("PlaintextNames"),
  FIDO2("FIDO2");

  /** How the config file spells it. */
  final String text;

  FeatureFlag(String text) {
    this.text = text;
  }

  /** The flag spelled so, case included; null if there is none. */
  static @Nullable FeatureFlag of(String text) {
    for (FeatureFlag flag : values()) {
      if (flag.text.equals(text)) {
        return flag;
      }
    }
    return null;
  }
}
