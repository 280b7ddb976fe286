package io.unsealfs.attest;

import java.util.Arrays;

/** The 64 bytes that evidence signs on the caller's behalf. Immutable. */
public final class ReportData {
  /** Length in bytes. */
  public static final int SIZE = 64;

  private final byte[] bytes;

  private ReportData(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Report data holding {@code bytes}, padded with zeros to {@link #SIZE}. */
  public static ReportData of(byte[] bytes) {
    if (bytes.length > SIZE) {
      throw new IllegalArgumentException("report data holds at most 64 bytes");
    }
    return new ReportData(Arrays.copyOf(bytes, SIZE));
  }

  /** A copy of the 64 bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }
}
