package io.unsealfs.crypto;

import org.bouncycastle.crypto.generators.SCrypt;

/** scrypt (RFC 7914), by Bouncy Castle, which keeps its memory on the Java heap. */
public final class Scrypt {
  private Scrypt() {}

  /**
   * Bytes of heap a derivation takes at most.
   *
   * @throws UnsupportedParameterException if that is beyond all bounds
   */
  public static long memory(long n, long r, long p) {
    try {
      // V, then B twice (bytes and words), then the work blocks
      long table = Math.multiplyExact(Math.multiplyExact(128L, n), r);
      long lanes = Math.multiplyExact(Math.multiplyExact(256L, r), p);
      return Math.addExact(Math.addExact(table, lanes), Math.multiplyExact(512L, r));
    } catch (ArithmeticException e) {
      throw new UnsupportedParameterException(
          "scrypt with N=" + n + " r=" + r + " p=" + p + " needs more memory than there can be");
    }
  }

  /**
   * Derives {@code length} bytes; the caller wipes them. The caller has checked what it costs: see
   * {@link #memory}.
   *
   * @throws UnsupportedParameterException for parameters outside RFC 7914
   */
  public static byte[] derive(byte[] password, byte[] salt, int n, int r, int p, int length) {
    if (n < 2 || Integer.bitCount(n) != 1 || r < 1 || p < 1 || length < 1) {
      throw new UnsupportedParameterException("scrypt with N=" + n + " r=" + r + " p=" + p);
    }
    if (p > (Integer.MAX_VALUE / 1024L) / r || memory(n, r, p) > (1L << 40)) {
      throw new UnsupportedParameterException("scrypt with N=" + n + " r=" + r + " p=" + p);
    }
    return SCrypt.generate(password, salt, n, r, p, length);
  }
}
