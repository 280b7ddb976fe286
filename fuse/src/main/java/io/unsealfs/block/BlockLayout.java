package io.unsealfs.block;

import java.util.OptionalLong;

/**
 * Where blocks lie: the one home of the arithmetic between plaintext and ciphertext offsets. A file
 * is a header followed by blocks; each stored block is {@code overhead} bytes longer than its
 * plaintext; only the last block may be short. All sizes and offsets are bytes; a result that does
 * not fit its type throws {@link ArithmeticException} instead of wrapping.
 *
 * @param headerSize bytes before block 0
 * @param plaintextBlockSize plaintext bytes of a full block
 * @param overhead bytes a stored block has beyond its plaintext (nonce, tag)
 */
public record BlockLayout(int headerSize, int plaintextBlockSize, int overhead) {

  /** Checks the sizes. */
  public BlockLayout {
    if (headerSize < 0
        || plaintextBlockSize <= 0
        || overhead < 0
        || overhead > Integer.MAX_VALUE - plaintextBlockSize) {
      throw new IllegalArgumentException("impossible block layout");
    }
  }

  /** Consecutive stored bytes. */
  public record CiphertextRange(long offset, long length) {}

  /** Bytes of a full stored block. */
  public int ciphertextBlockSize() {
    return plaintextBlockSize + overhead;
  }

  /** Block that holds the plaintext byte at {@code plaintextOffset}. */
  public long blockOf(long plaintextOffset) {
    return plaintextOffset / plaintextBlockSize;
  }

  /** Plaintext offset of the first byte of block {@code blockIndex}. */
  public long plaintextOffset(long blockIndex) {
    return Math.multiplyExact(blockIndex, (long) plaintextBlockSize);
  }

  /** Ciphertext offset of block {@code blockIndex}. */
  public long ciphertextOffset(long blockIndex) {
    return Math.addExact(headerSize, Math.multiplyExact(blockIndex, (long) ciphertextBlockSize()));
  }

  /** Blocks of a file of {@code plaintextSize} bytes. */
  public long blockCount(long plaintextSize) {
    return Math.ceilDiv(plaintextSize, (long) plaintextBlockSize);
  }

  /** Plaintext bytes of block {@code blockIndex} in a file of {@code plaintextSize}; 0 past it. */
  public int plaintextLength(long blockIndex, long plaintextSize) {
    if (blockIndex >= blockCount(plaintextSize)) {
      return 0;
    }
    return (int) Math.min(plaintextBlockSize, plaintextSize - plaintextOffset(blockIndex));
  }

  /** Stored bytes of block {@code blockIndex} in a file of {@code plaintextSize}; 0 past it. */
  public int ciphertextLength(long blockIndex, long plaintextSize) {
    int plaintext = plaintextLength(blockIndex, plaintextSize);
    return plaintext == 0 ? 0 : plaintext + overhead;
  }

  /**
   * Stored bytes of a file of {@code plaintextSize}. An empty file is its header; a format that
   * stores it without one says so itself.
   */
  public long ciphertextSize(long plaintextSize) {
    long overheads = Math.multiplyExact(blockCount(plaintextSize), (long) overhead);
    return Math.addExact(Math.addExact(headerSize, plaintextSize), overheads);
  }

  /**
   * Plaintext bytes of a file of {@code ciphertextSize} stored bytes, or empty if no file has that
   * size: it ends inside the header, or its last block has no plaintext byte.
   */
  public OptionalLong plaintextSize(long ciphertextSize) {
    long stored = ciphertextSize - headerSize;
    if (ciphertextSize < headerSize) {
      return OptionalLong.empty();
    }
    long tail = stored % ciphertextBlockSize();
    if (tail > 0 && tail <= overhead) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(stored - Math.ceilDiv(stored, (long) ciphertextBlockSize()) * overhead);
  }

  /**
   * The stored blocks that hold {@code length} plaintext bytes from {@code plaintextOffset}, cut at
   * the end of the file.
   */
  public CiphertextRange ciphertextRange(long plaintextOffset, long length, long plaintextSize) {
    long available = Math.max(0, plaintextSize - plaintextOffset);
    long wanted = Math.min(length, available);
    long first = blockOf(plaintextOffset);
    if (wanted == 0) {
      return new CiphertextRange(ciphertextOffset(first), 0);
    }
    long last = blockOf(plaintextOffset + wanted - 1);
    long start = ciphertextOffset(first);
    long end = Math.addExact(ciphertextOffset(last), ciphertextLength(last, plaintextSize));
    return new CiphertextRange(start, end - start);
  }

  /**
   * Cuts a file into extents: runs of whole blocks that are read, decrypted and cached together.
   *
   * @param extentSize plaintext bytes wished for; rounded down to whole blocks, at least one
   */
  Extents extents(int extentSize, long plaintextSize) {
    int blocks = Math.max(1, extentSize / plaintextBlockSize);
    // both sizes become array lengths
    int plaintext = Math.multiplyExact(blocks, plaintextBlockSize);
    int ciphertext = Math.multiplyExact(blocks, ciphertextBlockSize());
    return new Extents(this, plaintextSize, blocks, plaintext, ciphertext);
  }

  /**
   * The extents of one file.
   *
   * @param blocksPerExtent blocks of a full extent
   * @param fullPlaintextLength plaintext bytes of a full extent
   * @param fullCiphertextLength stored bytes of a full extent
   */
  record Extents(
      BlockLayout layout,
      long plaintextSize,
      int blocksPerExtent,
      int fullPlaintextLength,
      int fullCiphertextLength) {

    /** Extents of the file; the last may be short. */
    long count() {
      return Math.ceilDiv(plaintextSize, (long) fullPlaintextLength);
    }

    /** Extent that holds the plaintext byte at {@code plaintextOffset}. */
    long extentOf(long plaintextOffset) {
      return plaintextOffset / fullPlaintextLength;
    }

    /** Where in its extent the plaintext byte at {@code plaintextOffset} lies. */
    int offsetInExtent(long plaintextOffset) {
      return (int) (plaintextOffset % fullPlaintextLength);
    }

    /** Plaintext offset of the extent's first byte. */
    long start(long extentIndex) {
      return Math.multiplyExact(extentIndex, (long) fullPlaintextLength);
    }

    /** Plaintext bytes of an extent that the file has. */
    int plaintextLength(long extentIndex) {
      return (int) Math.min(fullPlaintextLength, plaintextSize - start(extentIndex));
    }

    /** The extent's first block. */
    long firstBlock(long extentIndex) {
      return Math.multiplyExact(extentIndex, (long) blocksPerExtent);
    }

    /** Blocks of an extent that the file has. */
    int blockCount(long extentIndex) {
      return (int)
          Math.min(blocksPerExtent, layout.blockCount(plaintextSize) - firstBlock(extentIndex));
    }

    /** Block within its extent of the byte at {@code offsetInExtent}. */
    int blockInExtent(int offsetInExtent) {
      return offsetInExtent / layout.plaintextBlockSize();
    }

    /** Stored bytes of an extent; no longer than {@link #fullCiphertextLength()}. */
    CiphertextRange ciphertextRange(long extentIndex) {
      return layout.ciphertextRange(start(extentIndex), fullPlaintextLength, plaintextSize);
    }
  }
}
