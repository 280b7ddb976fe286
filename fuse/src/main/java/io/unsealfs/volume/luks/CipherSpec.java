package io.unsealfs.volume.luks;

import io.unsealfs.crypto.AesCbcSectors;
import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.crypto.SectorIv;
import io.unsealfs.volume.VolumeFormatException;

/**
 * The ciphers taken, which are all there are: what is not in this list is refused by name, above
 * all those that do not encrypt (luks.md sections 4 and 6).
 */
enum CipherSpec {
  XTS_PLAIN64("aes-xts-plain64", true, SectorIv.PLAIN64),
  XTS_PLAIN("aes-xts-plain", true, SectorIv.PLAIN),
  CBC_ESSIV("aes-cbc-essiv:sha256", false, SectorIv.ESSIV_SHA256),
  CBC_PLAIN64("aes-cbc-plain64", false, SectorIv.PLAIN64),
  CBC_PLAIN("aes-cbc-plain", false, SectorIv.PLAIN);

  final String text;
  private final boolean xts;
  private final SectorIv iv;

  CipherSpec(String text, boolean xts, SectorIv iv) {
    this.text = text;
    this.xts = xts;
    this.iv = iv;
  }

  /**
   * The cipher of that name.
   *
   * @param where what the header wants it for
   */
  static CipherSpec of(String text, String where) throws VolumeFormatException {
    for (CipherSpec spec : values()) {
      if (spec.text.equals(text)) {
        return spec;
      }
    }
    String advice =
        text.contains("null") || text.contains("ecb")
            ? "it does not protect anything; the header may have been tampered with"
            : "only aes-xts-plain(64), aes-cbc-essiv:sha256 and aes-cbc-plain(64) are";
    throw LuksHeader.bad(where + ": cipher " + Shown.text(text) + " is not accepted: " + advice);
  }

  /** Refuses key sizes the cipher does not take. */
  void requireKeySize(int bytes, String where) throws VolumeFormatException {
    boolean fits = xts ? bytes == 32 || bytes == 64 : bytes == 16 || bytes == 24 || bytes == 32;
    if (!fits) {
      throw LuksHeader.bad(where + ": " + text + " takes no key of " + bytes + " bytes");
    }
  }

  /** The cipher with a copy of {@code key}. */
  SectorCipher cipher(byte[] key, int sectorSize) {
    return xts ? new AesXts(key, iv, sectorSize) : new AesCbcSectors(key, iv, sectorSize);
  }

  @Override
  public String toString() {
    return text;
  }
}
