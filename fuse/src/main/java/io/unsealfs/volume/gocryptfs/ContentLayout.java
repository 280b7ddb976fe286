package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockLayout;
import io.unsealfs.crypto.Aead;
import java.util.OptionalLong;

/** Sizes of files (gocryptfs.md section 5). */
final class ContentLayout {
  static final int PLAINTEXT_BLOCK = 4096;

  private ContentLayout() {}

  /** Where blocks lie with nonces of this size. */
  static BlockLayout of(int nonceSize) {
    return new BlockLayout(FileHeader.SIZE, PLAINTEXT_BLOCK, nonceSize + Aead.TAG_SIZE);
  }

  /**
   * Plaintext bytes of a stored file. A last block too short to hold a byte is damage that counts
   * as one byte, so that a reader comes across it.
   */
  static long plaintextSize(BlockLayout layout, long ciphertextSize) {
    if (ciphertextSize <= layout.headerSize()) {
      return 0;
    }
    OptionalLong size = layout.plaintextSize(ciphertextSize);
    if (size.isPresent()) {
      return size.getAsLong();
    }
    long last = (ciphertextSize - layout.headerSize()) % layout.ciphertextBlockSize();
    return layout
        .plaintextSize(Math.addExact(ciphertextSize - last, layout.overhead() + 1L))
        .orElseThrow();
  }

  /** Bytes that a file of {@code plaintextSize} bytes is stored in: an empty one has no header. */
  static long ciphertextSize(BlockLayout layout, long plaintextSize) {
    return plaintextSize == 0 ? 0 : layout.ciphertextSize(plaintextSize);
  }
}
