package io.unsealfs.e2e;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A content file of a gocryptfs volume with AES-GCM or AES-SIV blocks, as an attacker sees it. */
final class CiphertextFile {
  /** Bytes of plaintext per block. */
  static final int BLOCK = 4096;

  /** Version and file id. */
  static final int HEADER = 18;

  /** Nonce, ciphertext, tag. */
  private static final int CIPHERTEXT_BLOCK = 16 + BLOCK + 16;

  private CiphertextFile() {}

  /** Offset of a block's first byte. */
  static long offset(long block) {
    return HEADER + block * CIPHERTEXT_BLOCK;
  }

  /** Size of the ciphertext of a file. */
  static long size(long plaintextSize) {
    long blocks = (plaintextSize + BLOCK - 1) / BLOCK;
    return plaintextSize == 0 ? 0 : HEADER + plaintextSize + blocks * (CIPHERTEXT_BLOCK - BLOCK);
  }

  /** The only file of {@code volume} with the ciphertext of {@code plaintextSize} bytes. */
  static Path ofSize(Path volume, long plaintextSize) throws IOException {
    try (Stream<Path> files = Files.walk(volume)) {
      List<Path> found =
          files
              .filter(Files::isRegularFile)
              .filter(file -> file.toFile().length() == size(plaintextSize))
              .toList();
      if (found.size() != 1) {
        throw new AssertionError(found.size() + " files of that size");
      }
      return found.getFirst();
    }
  }

  /** Changes one bit in the middle of a block. */
  static void flipByteOfBlock(Path file, long block) throws IOException {
    flipByte(file, offset(block) + 100);
  }

  static void flipByte(Path file, long offset) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(offset);
      int old = open.read();
      open.seek(offset);
      open.write(old ^ 1);
    }
  }
}
