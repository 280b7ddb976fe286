package io.unsealfs.key.wire;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** A pinned identity key: {@code sha256:} and the SHA-256 of its SubjectPublicKeyInfo in hex. */
public final class IdentityPin {
  private static final Pattern TEXT = Pattern.compile("sha256:[0-9a-fA-F]{64}");

  private final byte[] fingerprint;

  private IdentityPin(byte[] fingerprint) {
    this.fingerprint = fingerprint;
  }

  static IdentityPin of(byte[] fingerprint) {
    return new IdentityPin(fingerprint);
  }

  /**
   * Parses a pin.
   *
   * @throws WireException if it is not {@code sha256:} and 64 hexadecimal digits
   */
  public static IdentityPin parse(String text) throws WireException {
    if (!TEXT.matcher(text).matches()) {
      throw new WireException(
          "server pin is not sha256: and 64 hexadecimal digits; the key server prints its own");
    }
    return new IdentityPin(HexFormat.of().parseHex(text, "sha256:".length(), text.length()));
  }

  /** Whether {@code key} is the pinned one; constant time. */
  public boolean matches(IdentityPublicKey key) {
    return MessageDigest.isEqual(fingerprint, key.fingerprint());
  }

  /** The pin's text. */
  @Override
  public String toString() {
    return "sha256:" + HexFormat.of().formatHex(fingerprint);
  }
}
