package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.CiphertextRange;
import io.unsealfs.block.BlockLayout.Extents;
import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads an extent's ciphertext in one piece and decrypts it block by block. Owns the ciphertext
 * source and closes it when closed and no load uses it any more: read-ahead of a file may outlive
 * its handle for a moment, and must not read from a descriptor that is somebody else's by then.
 */
final class ExtentDecryptor implements ExtentLoader, Closeable {
  private final Source ciphertext;
  private final BlockCipher cipher;
  private final Extents extents;
  private final BufferPool pool;
  private final AtomicInteger users = new AtomicInteger(1);

  ExtentDecryptor(Source ciphertext, BlockCipher cipher, Extents extents, BufferPool pool) {
    this.ciphertext = ciphertext;
    this.cipher = cipher;
    this.extents = extents;
    this.pool = pool;
  }

  @Override
  public int plaintextLength(long extentIndex) {
    return extents.plaintextLength(extentIndex);
  }

  @Override
  public @Nullable BlockDamage load(long extentIndex, byte[] plaintext) throws IOException {
    acquire();
    try {
      CiphertextRange range = extents.ciphertextRange(extentIndex);
      byte[] stored = pool.take(Math.toIntExact(range.length()));
      try {
        return load(extentIndex, range.offset(), stored, plaintext);
      } finally {
        pool.give(stored);
      }
    } finally {
      releaseAfterLoad();
    }
  }

  private @Nullable BlockDamage load(
      long extentIndex, long storedOffset, byte[] stored, byte[] plaintext) throws IOException {
    int available;
    boolean blockwise = false;
    try {
      available = read(storedOffset, stored, 0, stored.length);
    } catch (IntegrityException e) {
      // The ciphertext is itself the plaintext of something, and damaged somewhere: find out where.
      available = 0;
      blockwise = true;
    }
    BlockLayout layout = extents.layout();
    int blocks = extents.blockCount(extentIndex);
    long firstBlock = extents.firstBlock(extentIndex);
    BlockDamage damage = null;
    int storedAt = 0;
    int plaintextAt = 0;
    try (BlockCipher.Decryptor decryptor = cipher.borrow()) {
      for (int block = 0; block < blocks; block++) {
        int length = layout.ciphertextLength(firstBlock + block, extents.plaintextSize());
        int plaintextEnd = plaintextAt + length - layout.overhead();
        try {
          if (blockwise) {
            available = storedAt + read(storedOffset + storedAt, stored, storedAt, length);
          }
          if (available < storedAt + length) {
            throw new IntegrityException("the stored file ends before the end of this block");
          }
          decryptor.decrypt(firstBlock + block, stored, storedAt, length, plaintext, plaintextAt);
        } catch (IntegrityException e) {
          if (damage == null) {
            damage = new BlockDamage(blocks);
          }
          damage.mark(block, e.problem());
          Arrays.fill(plaintext, plaintextAt, plaintextEnd, (byte) 0);
        }
        storedAt += length;
        plaintextAt = plaintextEnd;
      }
    }
    return damage;
  }

  private int read(long offset, byte[] into, int at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into, at, length);
    ciphertext.read(offset, buffer);
    return buffer.position() - at;
  }

  private void acquire() throws ClosedChannelException {
    int seen;
    do {
      seen = users.get();
      if (seen == 0) {
        throw new ClosedChannelException();
      }
    } while (!users.compareAndSet(seen, seen + 1));
  }

  private void release() throws IOException {
    if (users.decrementAndGet() == 0) {
      ciphertext.close();
    }
  }

  private void releaseAfterLoad() {
    try {
      release();
    } catch (IOException e) {
      // The file was closed meanwhile. What was read is complete and authentic; that the back end
      // could not close cleanly changes nothing for this load.
      return;
    }
  }

  /** Closes the ciphertext, now or with the last load that uses it; called once. */
  @Override
  public void close() throws IOException {
    release();
  }
}
