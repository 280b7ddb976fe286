package io.unsealfs.volume.luks;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The first bytes of the header device, in memory. No byte is ever read twice, so nobody can show
 * one header to the checks and another to their user.
 */
final class HeaderBytes {
  private final Source source;
  private byte[] bytes = {};

  HeaderBytes(Source source) {
    this.source = source;
  }

  /** Bytes of the header device. */
  long deviceSize() {
    return source.size();
  }

  /** Whether the device has {@code end} bytes. */
  boolean reaches(long end) {
    return end <= source.size();
  }

  /**
   * The first {@code end} bytes and perhaps more; not to be changed.
   *
   * @throws VolumeFormatException if the device is shorter, or that is more than any header has
   */
  byte[] upTo(long end) throws IOException {
    if (end > LuksHeader.MAX_SIZE) {
      throw LuksHeader.bad("would have " + end + " bytes, the limit is " + LuksHeader.MAX_SIZE);
    }
    if (!reaches(end)) {
      throw LuksHeader.bad("cut off: the file has " + source.size() + " bytes, " + end + " needed");
    }
    int had = bytes.length;
    if (had < end) {
      byte[] grown = Arrays.copyOf(bytes, (int) end);
      int wanted = grown.length - had;
      if (source.read(had, ByteBuffer.wrap(grown, had, wanted)) != wanted) {
        throw LuksHeader.bad("cut off while it was read");
      }
      bytes = grown;
    }
    return bytes;
  }
}
