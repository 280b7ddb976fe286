package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;

/** The content of a file so small that it lies in its inode. */
final class BytesContent implements Source {
  private final byte[] plaintext;

  BytesContent(byte[] plaintext) {
    this.plaintext = plaintext;
  }

  @Override
  public long size() {
    return plaintext.length;
  }

  @Override
  public int read(long offset, ByteBuffer dst) {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset");
    }
    if (offset >= plaintext.length) {
      return 0;
    }
    int length = (int) Math.min(dst.remaining(), plaintext.length - offset);
    dst.put(plaintext, (int) offset, length);
    return length;
  }

  @Override
  public void close() {}
}
