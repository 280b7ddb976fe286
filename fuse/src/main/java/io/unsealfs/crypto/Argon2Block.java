package io.unsealfs.crypto;

/** The compression function of Argon2 (RFC 9106 section 3.5) on blocks of 128 words. */
final class Argon2Block {
  private Argon2Block() {}

  /**
   * Makes {@code G(x, y)} of {@code x}, in place.
   *
   * @param scratch 128 words, left with part of the result
   */
  static void mix(long[] x, long[] y, long[] scratch) {
    for (int i = 0; i < 128; i++) {
      long word = x[i] ^ y[i];
      x[i] = word;
      scratch[i] = word;
    }
    for (int row = 0; row < 128; row += 16) {
      permute(scratch, row, 2);
    }
    for (int column = 0; column < 16; column += 2) {
      permute(scratch, column, 16);
    }
    for (int i = 0; i < 128; i++) {
      x[i] ^= scratch[i];
    }
  }

  /** P of the RFC over eight pairs of words, {@code step} words apart. */
  private static void permute(long[] v, int at, int step) {
    int i1 = at + step;
    int i2 = i1 + step;
    int i3 = i2 + step;
    int i4 = i3 + step;
    int i5 = i4 + step;
    int i6 = i5 + step;
    int i7 = i6 + step;
    long v00 = v[at];
    long v01 = v[at + 1];
    long v02 = v[i1];
    long v03 = v[i1 + 1];
    long v04 = v[i2];
    long v05 = v[i2 + 1];
    long v06 = v[i3];
    long v07 = v[i3 + 1];
    long v08 = v[i4];
    long v09 = v[i4 + 1];
    long v10 = v[i5];
    long v11 = v[i5 + 1];
    long v12 = v[i6];
    long v13 = v[i6 + 1];
    long v14 = v[i7];
    long v15 = v[i7 + 1];
    v00 = add(v00, v04);
    v01 = add(v01, v05);
    v02 = add(v02, v06);
    v03 = add(v03, v07);
    v12 = Long.rotateRight(v12 ^ v00, 32);
    v13 = Long.rotateRight(v13 ^ v01, 32);
    v14 = Long.rotateRight(v14 ^ v02, 32);
    v15 = Long.rotateRight(v15 ^ v03, 32);
    v08 = add(v08, v12);
    v09 = add(v09, v13);
    v10 = add(v10, v14);
    v11 = add(v11, v15);
    v04 = Long.rotateRight(v04 ^ v08, 24);
    v05 = Long.rotateRight(v05 ^ v09, 24);
    v06 = Long.rotateRight(v06 ^ v10, 24);
    v07 = Long.rotateRight(v07 ^ v11, 24);
    v00 = add(v00, v04);
    v01 = add(v01, v05);
    v02 = add(v02, v06);
    v03 = add(v03, v07);
    v12 = Long.rotateRight(v12 ^ v00, 16);
    v13 = Long.rotateRight(v13 ^ v01, 16);
    v14 = Long.rotateRight(v14 ^ v02, 16);
    v15 = Long.rotateRight(v15 ^ v03, 16);
    v08 = add(v08, v12);
    v09 = add(v09, v13);
    v10 = add(v10, v14);
    v11 = add(v11, v15);
    v04 = Long.rotateRight(v04 ^ v08, 63);
    v05 = Long.rotateRight(v05 ^ v09, 63);
    v06 = Long.rotateRight(v06 ^ v10, 63);
    v07 = Long.rotateRight(v07 ^ v11, 63);
    v00 = add(v00, v05);
    v01 = add(v01, v06);
    v02 = add(v02, v07);
    v03 = add(v03, v04);
    v15 = Long.rotateRight(v15 ^ v00, 32);
    v12 = Long.rotateRight(v12 ^ v01, 32);
    v13 = Long.rotateRight(v13 ^ v02, 32);
    v14 = Long.rotateRight(v14 ^ v03, 32);
    v10 = add(v10, v15);
    v11 = add(v11, v12);
    v08 = add(v08, v13);
    v09 = add(v09, v14);
    v05 = Long.rotateRight(v05 ^ v10, 24);
    v06 = Long.rotateRight(v06 ^ v11, 24);
    v07 = Long.rotateRight(v07 ^ v08, 24);
    v04 = Long.rotateRight(v04 ^ v09, 24);
    v00 = add(v00, v05);
    v01 = add(v01, v06);
    v02 = add(v02, v07);
    v03 = add(v03, v04);
    v15 = Long.rotateRight(v15 ^ v00, 16);
    v12 = Long.rotateRight(v12 ^ v01, 16);
    v13 = Long.rotateRight(v13 ^ v02, 16);
    v14 = Long.rotateRight(v14 ^ v03, 16);
    v10 = add(v10, v15);
    v11 = add(v11, v12);
    v08 = add(v08, v13);
    v09 = add(v09, v14);
    v05 = Long.rotateRight(v05 ^ v10, 63);
    v06 = Long.rotateRight(v06 ^ v11, 63);
    v07 = Long.rotateRight(v07 ^ v08, 63);
    v04 = Long.rotateRight(v04 ^ v09, 63);
    v[at] = v00;
    v[at + 1] = v01;
    v[i1] = v02;
    v[i1 + 1] = v03;
    v[i2] = v04;
    v[i2 + 1] = v05;
    v[i3] = v06;
    v[i3 + 1] = v07;
    v[i4] = v08;
    v[i4 + 1] = v09;
    v[i5] = v10;
    v[i5 + 1] = v11;
    v[i6] = v12;
    v[i6 + 1] = v13;
    v[i7] = v14;
    v[i7 + 1] = v15;
  }

  /** BlaMka: addition with a product of the low halves, which hardware has no short way for. */
  private static long add(long a, long b) {
    return a + b + 2 * (a & 0xffff_ffffL) * (b & 0xffff_ffffL);
  }
}
