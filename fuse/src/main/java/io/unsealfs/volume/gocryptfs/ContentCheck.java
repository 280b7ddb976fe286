package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads all blocks of one stored file and finds those that are not authentic. As for a reader, what
 * is not is read once more past all copies, so that a bad copy on this machine is not taken for
 * damage of the storage.
 */
final class ContentCheck implements AutoCloseable {
  private final Source source;
  private final BlockLayout layout;
  private final byte[] stored;
  private final byte[] plaintext;
  private BlockCipher cipher;
  private BlockCipher.Decryptor decryptor;
  private boolean headerReadAgain;
  private long badCopies;
  private long firstBadCopyAt;

  /** Where damage is told. */
  @FunctionalInterface
  interface Damages {
    /** A block at this offset of the stored file is not authentic. */
    void damaged(long offset, String problem);
  }

  /**
   * A check of one file.
   *
   * @param source the stored file
   * @param cipher as its header says
   * @param stored room for some blocks
   * @param plaintext room for one
   */
  ContentCheck(Source source, BlockCipher cipher, byte[] stored, byte[] plaintext) {
    this.source = source;
    this.cipher = cipher;
    this.decryptor = cipher.borrow();
    this.layout = cipher.layout();
    this.stored = stored;
    this.plaintext = plaintext;
  }

  /** Blocks that were authentic only when they were read once more. */
  long badCopies() {
    return badCopies;
  }

  /** Offset of the first of them. */
  long firstBadCopyAt() {
    return firstBadCopyAt;
  }

  /**
   * Reads everything.
   *
   * @param authenticated is told now and then how many bytes of plaintext were authentic
   */
  void run(Damages damages, LongConsumer authenticated) throws IOException {
    int blockSize = layout.ciphertextBlockSize();
    long block = 0;
    for (long offset = layout.ciphertextOffset(0); offset < source.size(); ) {
      ByteBuffer buffer = ByteBuffer.wrap(stored);
      source.read(offset, buffer);
      if (buffer.position() == 0) {
        throw new IOException("ends before its size");
      }
      long decrypted = 0;
      for (int at = 0; at < buffer.position(); at += blockSize, block++) {
        int length = Math.min(blockSize, buffer.position() - at);
        String problem = decrypt(block, at, length);
        if (problem != null) {
          problem = readAgain(block, offset, at, length, problem);
        }
        if (problem == null) {
          decrypted += length - layout.overhead();
        } else {
          damages.damaged(offset + at, problem);
        }
      }
      offset += buffer.position();
      authenticated.accept(decrypted);
    }
  }

  /** Why a block is not authentic; null if it is. */
  private @Nullable String decrypt(long block, int at, int length) {
    try {
      decryptor.decrypt(block, stored, at, length, plaintext, 0);
      return null;
    } catch (IntegrityException e) {
      return e.problem();
    }
  }

  private @Nullable String readAgain(long block, long offset, int at, int length, String problem)
      throws IOException {
    if (!source.distrust(offset + at, length)) {
      return problem;
    }
    source.read(offset + at, ByteBuffer.wrap(stored, at, length));
    String still = decrypt(block, at, length);
    if (still != null && isOtherHeader()) {
      still = decrypt(block, at, length);
    }
    if (still != null) {
      return still + "; fetched once more past all copies: the storage has it so";
    }
    if (badCopies++ == 0) {
      firstBadCopyAt = offset + at;
    }
    return null;
  }

  /** Whether the header was a bad copy, and each block with it; looked at once. */
  private boolean isOtherHeader() throws IOException {
    if (headerReadAgain) {
      return false;
    }
    headerReadAgain = true;
    boolean _ = source.distrust(0, layout.headerSize());
    BlockCipher renewed = cipher.renewed(source);
    if (renewed == null) {
      return false;
    }
    decryptor.close();
    cipher = renewed;
    decryptor = renewed.borrow();
    return true;
  }

  @Override
  public void close() {
    decryptor.close();
  }
}
