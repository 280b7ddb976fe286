package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Name;
import java.util.Arrays;
import java.util.Base64;

/**
 * Base64 of RFC 4648 section 5 with the volume's padding rule. Strict: each byte string has one
 * text, so that a listed name can be looked up again.
 */
final class Base64Url {
  private final Base64.Encoder encoder;

  /**
   * The encoding of a volume.
   *
   * @param raw flag Raw64: no padding
   */
  Base64Url(boolean raw) {
    this.encoder = raw ? Base64.getUrlEncoder().withoutPadding() : Base64.getUrlEncoder();
  }

  Name encode(byte[] bytes) {
    return Name.of(encoder.encode(bytes));
  }

  /**
   * The bytes behind {@code text}.
   *
   * @throws IntegrityException if it is not base64, padded against the rule, or has spare bits set
   */
  byte[] decode(byte[] text) throws IntegrityException {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IntegrityException("not base64", e);
    }
    if (!Arrays.equals(encoder.encode(bytes), text)) {
      throw new IntegrityException("base64 with wrong padding or spare bits");
    }
    return bytes;
  }
}
