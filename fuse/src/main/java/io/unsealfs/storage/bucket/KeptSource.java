package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;

/** A small object whose bytes are in memory. */
final class KeptSource implements Source {
  private final byte[] ciphertext;

  KeptSource(byte[] ciphertext) {
    this.ciphertext = ciphertext;
  }

  @Override
  public long size() {
    return ciphertext.length;
  }

  @Override
  public int read(long offset, ByteBuffer dst) {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset " + offset);
    }
    if (offset >= ciphertext.length) {
      return 0;
    }
    int count = (int) Math.min(dst.remaining(), ciphertext.length - offset);
    dst.put(ciphertext, (int) offset, count);
    return count;
  }

  @Override
  public boolean willNeed(long offset, long length) {
    return true;
  }

  @Override
  public void close() {}
}
