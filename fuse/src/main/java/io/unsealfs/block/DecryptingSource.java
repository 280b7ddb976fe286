package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.Extents;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The plaintext of one encrypted file. A read is cut into extents, which come from the {@link
 * BlockCache} or are loaded into it. A damaged block fails the reads that touch it and no others.
 */
public final class DecryptingSource implements Source {
  private final long plaintextSize;
  private final long fileKey;
  private final String location;
  private final BlockCache cache;
  private final Extents extents;
  private final ExtentDecryptor loader;
  private final @Nullable ReadAhead readAhead;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * The plaintext of one file, read ahead as {@code cache} was told to.
   *
   * @param ciphertext the stored file; closed with this source
   * @param cipher decrypts its blocks
   * @param plaintextSize bytes of plaintext
   * @param fileKey identity of this version of this file in {@code cache}
   * @param location ciphertext path, for errors
   */
  public DecryptingSource(
      Source ciphertext,
      BlockCipher cipher,
      long plaintextSize,
      long fileKey,
      String location,
      BlockCache cache) {
    if (plaintextSize < 0) {
      throw new IllegalArgumentException("negative plaintext size");
    }
    this.plaintextSize = plaintextSize;
    this.fileKey = fileKey;
    this.location = location;
    this.cache = cache;
    this.extents = cipher.layout().extents(cache.extentSize(), plaintextSize);
    this.loader =
        new ExtentDecryptor(
            ciphertext, cipher, extents, cache.ciphertextPool(extents.fullCiphertextLength()));
    this.readAhead = ReadAhead.of(cache, fileKey, extents, loader);
  }

  @Override
  public long size() {
    return plaintextSize;
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset");
    }
    if (closed.get()) {
      throw new ClosedChannelException();
    }
    if (offset >= plaintextSize || !dst.hasRemaining()) {
      return 0;
    }
    int wanted = (int) Math.min(dst.remaining(), plaintextSize - offset);
    if (readAhead != null) {
      readAhead.reading(offset, wanted);
    }
    int start = dst.position();
    int done = 0;
    try {
      while (done < wanted) {
        done += readWithinExtent(offset + done, wanted - done, dst);
      }
      return done;
    } finally {
      if (done < wanted) {
        dst.position(start);
      }
    }
  }

  private int readWithinExtent(long offset, int wanted, ByteBuffer dst) throws IOException {
    long extentIndex = extents.extentOf(offset);
    int from = extents.offsetInExtent(offset);
    Extent extent = cache.get(new BlockKey(fileKey, extentIndex), loader);
    try {
      int length = Math.min(wanted, extent.length() - from);
      if (length <= 0) {
        throw new IllegalStateException("two files of different size share a key in the cache");
      }
      BlockDamage damage = extent.damage();
      if (damage != null) {
        refuseDamaged(damage, extentIndex, from, length);
      }
      extent.copyTo(dst, from, length);
      return length;
    } finally {
      extent.unpin();
    }
  }

  private void refuseDamaged(BlockDamage damage, long extentIndex, int from, int length)
      throws IntegrityException {
    int last = extents.blockInExtent(from + length - 1);
    int bad = damage.firstIn(extents.blockInExtent(from), last);
    if (bad >= 0) {
      long blockIndex = extents.firstBlock(extentIndex) + bad;
      throw new IntegrityException(
          location, extents.layout().ciphertextOffset(blockIndex), damage.problemOf(bad));
    }
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      if (readAhead != null) {
        readAhead.close();
      }
      loader.close();
    }
  }

  @Override
  public String toString() {
    return "plaintext of " + location;
  }
}
