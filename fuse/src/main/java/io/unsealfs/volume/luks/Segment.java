package io.unsealfs.volume.luks;

import io.unsealfs.volume.VolumeFormatException;

/**
 * The encrypted data.
 *
 * @param offset first byte on the data device
 * @param size bytes, or {@link #DYNAMIC} for all that there are
 * @param ivTweak added to the number of each sector, an unsigned 64-bit number
 */
record Segment(long offset, long size, CipherSpec cipher, int sectorSize, long ivTweak) {
  static final long DYNAMIC = -1;

  /**
   * Bytes of plaintext on a data device of {@code deviceSize} bytes.
   *
   * @throws VolumeFormatException if the segment does not fit it
   */
  long sizeOn(long deviceSize) throws VolumeFormatException {
    if (offset >= deviceSize) {
      throw LuksHeader.bad(
          "the data begin at byte "
              + offset
              + ", the file has "
              + deviceSize
              + ": cut off, or not the file that belongs to this header");
    }
    long available = deviceSize - offset;
    if (size == DYNAMIC) {
      long whole = available - available % sectorSize;
      if (whole == 0) {
        throw LuksHeader.bad("not one whole sector of data in the file");
      }
      return whole;
    }
    if (size > available) {
      throw LuksHeader.bad(
          "the data should have " + size + " bytes, the file has " + available + " left for them");
    }
    return size;
  }
}
