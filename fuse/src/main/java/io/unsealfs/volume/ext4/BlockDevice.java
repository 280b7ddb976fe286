package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/** The blocks of the file system as the journal leaves them. Thread-safe. */
final class BlockDevice {
  private final Source plaintextDevice;
  private final int blockSize;
  private final long size;
  private final JournalOverlay overlay;

  /**
   * A device.
   *
   * @param overlay what the journal has in place of some of its blocks
   */
  BlockDevice(Source plaintextDevice, Superblock superblock, JournalOverlay overlay) {
    this.plaintextDevice = plaintextDevice;
    this.blockSize = superblock.blockSize();
    this.size = superblock.blocks() * blockSize;
    this.overlay = overlay;
  }

  /** Bytes of the file system; at most those of the device. */
  long size() {
    return size;
  }

  /**
   * Fills all of {@code dst}.
   *
   * @param offset byte of the file system; the range has to lie inside
   */
  void read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0 || offset > size || dst.remaining() > size - offset) {
      throw new IllegalArgumentException("outside of the file system");
    }
    if (overlay.isEmpty()) {
      plain(offset, dst);
      return;
    }
    int end = dst.limit();
    long at = offset;
    while (dst.position() < end) {
      long block = at / blockSize;
      int within = (int) (at % blockSize);
      int index = overlay.atOrAfter(block);
      int left = end - dst.position();
      int length;
      if (index < overlay.size() && overlay.block(index) == block) {
        length = Math.min(left, blockSize - within);
        dst.limit(dst.position() + length);
        overlaid(index, within, dst);
      } else {
        long gapEnd = index < overlay.size() ? overlay.block(index) * blockSize : size;
        length = (int) Math.min(left, gapEnd - at);
        dst.limit(dst.position() + length);
        plain(at, dst);
      }
      dst.limit(end);
      at += length;
    }
  }

  private void overlaid(int index, int within, ByteBuffer dst) throws IOException {
    int start = dst.position();
    plain(overlay.source(index) * blockSize + within, dst);
    if (overlay.isEscaped(index)) {
      for (int i = within; i < Journal.MAGIC_SIZE && start + i - within < dst.limit(); i++) {
        dst.put(start + i - within, (byte) (Journal.MAGIC >> (8 * (Journal.MAGIC_SIZE - 1 - i))));
      }
    }
  }

  private void plain(long offset, ByteBuffer dst) throws IOException {
    int wanted = dst.remaining();
    if (plaintextDevice.read(offset, dst) != wanted) {
      throw new IOException("ext4: the device ends before its size");
    }
  }

  boolean willNeed(long offset, long length) {
    return plaintextDevice.willNeed(offset, length);
  }

  boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
    return plaintextDevice.preload(offset, length, goOn);
  }

  boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    return plaintextDevice.warm(offset, length, goOn);
  }

  void doneWith(long offset, long length) {
    plaintextDevice.doneWith(offset, length);
  }
}
