package io.unsealfs.verify.dcap;

import java.util.Arrays;

/**
 * The body of a TDX quote.
 *
 * @param bytes 584 bytes (TDX 1.0), 648 (1.5) or 885 (1.5 extended)
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record TdReport(byte[] bytes) implements QuoteBody {
  static final int SIZE_10 = 584;
  static final int SIZE_15 = 648;
  static final int SIZE_15_EXTENDED = 885;

  byte[] teeTcbSvn() {
    return slice(0, 16);
  }

  byte[] mrSeam() {
    return slice(16, 48);
  }

  byte[] mrsignerSeam() {
    return slice(64, 48);
  }

  byte[] seamAttributes() {
    return slice(112, 8);
  }

  byte[] tdAttributes() {
    return slice(120, 8);
  }

  byte[] xfam() {
    return slice(128, 8);
  }

  byte[] mrTd() {
    return slice(136, 48);
  }

  byte[] mrConfigId() {
    return slice(184, 48);
  }

  byte[] mrOwner() {
    return slice(232, 48);
  }

  byte[] mrOwnerConfig() {
    return slice(280, 48);
  }

  /** Run-time register 0 to 3. */
  byte[] rtmr(int register) {
    return slice(328 + 48 * register, 48);
  }

  byte[] reportData() {
    return slice(520, 64);
  }

  /** Whether it has the two fields that TDX 1.5 added. */
  boolean is15() {
    return bytes.length >= SIZE_15;
  }

  byte[] teeTcbSvn2() {
    return slice(584, 16);
  }

  byte[] mrServicetd() {
    return slice(600, 48);
  }

  private byte[] slice(int at, int size) {
    return Arrays.copyOfRange(bytes, at, at + size);
  }
}
