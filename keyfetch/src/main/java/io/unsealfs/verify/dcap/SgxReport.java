package io.unsealfs.verify.dcap;

import java.util.Arrays;

/**
 * The report of an SGX enclave: the body of a v3 quote, and how the quoting enclave describes
 * itself in every quote.
 *
 * @param bytes the 384 bytes
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record SgxReport(byte[] bytes) implements QuoteBody {
  static final int SIZE = 384;

  byte[] cpusvn() {
    return slice(0, 16);
  }

  byte[] miscselect() {
    return slice(16, 4);
  }

  byte[] attributes() {
    return slice(48, 16);
  }

  byte[] mrenclave() {
    return slice(64, 32);
  }

  byte[] mrsigner() {
    return slice(128, 32);
  }

  byte[] isvprodidLittleEndian() {
    return slice(256, 2);
  }

  byte[] isvsvnLittleEndian() {
    return slice(258, 2);
  }

  int isvprodid() {
    return unsigned16(256);
  }

  int isvsvn() {
    return unsigned16(258);
  }

  byte[] reportData() {
    return slice(320, 64);
  }

  private int unsigned16(int at) {
    return (bytes[at] & 0xFF) | ((bytes[at + 1] & 0xFF) << 8);
  }

  private byte[] slice(int at, int size) {
    return Arrays.copyOfRange(bytes, at, at + size);
  }
}
