package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.Extents;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The plaintext of one encrypted file. A damaged block fails the reads that touch it and no others.
 *
 * <p>A read is cut at the borders of extents, and each piece takes one of two ways. What the cache
 * has comes from there. Of the rest, a piece of whole blocks is decrypted straight into the
 * reader's buffer, consecutive ones together, and not kept: the kernel keeps what it got, and the
 * next read of the same bytes never arrives here. Other pieces have the cache load their extent.
 *
 * <p>Small reads of whole blocks are in between. Scattered over a large file, as in a key-value
 * store or a sparse model, one costs the blocks it asks for and not an extent. But a reader who
 * walks through an extent in small steps is better served by loading it once. So the first small
 * read in an extent goes past the cache and leaves a mark in a small filter; a second one while the
 * mark is there has the cache load the extent, and the others find it. From a source that is slow
 * and cannot be asked to bring bytes closer (an object store), where a request costs far more than
 * a byte, the first one does already.
 */
public final class DecryptingSource implements Source {
  /** A read is small up to this share of an extent; larger ones gain nothing from loading it. */
  private static final int SMALL_SHARE = 4;

  private final long plaintextSize;
  private final long fileKey;
  private final BlockCache cache;
  private final Extents extents;
  private final int blockSize;
  private final Source ciphertext;
  private final Pace pace;
  private final StoredBlocks blocks;
  private final @Nullable ReadAhead readAhead;
  private final @Nullable DropBehind dropBehind;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * The plaintext of one file, read as {@code cache} was told to.
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
    this.cache = cache;
    this.ciphertext = ciphertext;
    this.extents = cipher.layout().extents(cache.extentSize(), plaintextSize);
    this.blockSize = cipher.layout().plaintextBlockSize();
    ReadAhead.Policy ahead = cache.policy().readAhead();
    this.pace = new Pace(ahead == null ? Double.MAX_VALUE : ahead.slowNanosPerByte());
    this.blocks = new StoredBlocks(ciphertext, cipher, extents, location, pace, cache);
    this.readAhead = ReadAhead.of(cache, fileKey, extents, blocks, ciphertext, pace);
    this.dropBehind =
        cache.policy().dropBehind()
            ? new DropBehind(ciphertext, cipher.layout(), plaintextSize)
            : null;
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
      boolean small = wanted <= extents.fullPlaintextLength() / SMALL_SHARE;
      while (done < wanted) {
        done += readPieces(offset + done, wanted - done, small, dst);
      }
      if (dropBehind != null) {
        dropBehind.read(offset, wanted);
      }
      return done;
    } finally {
      if (done < wanted) {
        dst.position(start);
      }
    }
  }

  /** Reads a piece from the cache, or as many as can be read past it together. */
  private int readPieces(long offset, int wanted, boolean small, ByteBuffer dst)
      throws IOException {
    int piece = pieceAt(offset, wanted);
    long extentIndex = extents.extentOf(offset);
    if (!isWholeBlocks(offset, piece)) {
      return copy(cache.get(key(extentIndex), blocks), offset, piece, dst);
    }
    boolean wholeExtent = piece == extents.plaintextLength(extentIndex);
    if (!cache.isEmpty()) {
      Extent cached = cache.find(key(extentIndex), wholeExtent, pace.isSlow());
      if (cached != null) {
        return copy(cached, offset, piece, dst);
      }
    }
    if (small && !wholeExtent && loadsWhole(extentIndex)) {
      return copy(cache.get(key(extentIndex), blocks), offset, piece, dst);
    }
    int length = piece;
    while (!small && length < wanted) {
      int next = pieceAt(offset + length, wanted - length);
      if (!isWholeBlocks(offset + length, next)
          || (!cache.isEmpty() && cache.isHereOrComing(key(extents.extentOf(offset + length))))) {
        break;
      }
      length += next;
    }
    blocks.read(offset, length, dst);
    cache.bypassed(length);
    return length;
  }

  private BlockKey key(long extentIndex) {
    return new BlockKey(fileKey, extentIndex);
  }

  /** How much of a request from {@code offset} lies in the extent that holds its first byte. */
  private int pieceAt(long offset, int wanted) {
    return Math.min(
        wanted, extents.plaintextLength(extents.extentOf(offset)) - extents.offsetInExtent(offset));
  }

  private boolean isWholeBlocks(long offset, int length) {
    long end = offset + length;
    return offset % blockSize == 0 && (end % blockSize == 0 || end == plaintextSize);
  }

  /** Whether a small read that misses has its extent loaded; see the class. */
  private boolean loadsWhole(long extentIndex) {
    return (pace.isSlow() && !ciphertext.willNeed(0, 0)) || cache.touch(fileKey, extentIndex);
  }

  /** Copies from an extent held by the caller, and lets go of it. */
  private int copy(Extent extent, long offset, int length, ByteBuffer dst) throws IOException {
    try {
      int from = extents.offsetInExtent(offset);
      if (extent.length() - from < length) {
        throw new IllegalStateException("two files of different size share a key in the cache");
      }
      BlockDamage damage = extent.damage();
      if (damage != null) {
        refuseDamaged(damage, extents.extentOf(offset), from, length);
      }
      extent.copyTo(dst, from, length);
      cache.copied(length);
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
      throw blocks.damaged(extents.firstBlock(extentIndex) + bad, damage.problemOf(bad));
    }
  }

  @Override
  public boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
    if (length == 0) {
      return true;
    }
    int loaded = 0;
    long last = extents.extentOf(offset + length - 1);
    for (long extentIndex = extents.extentOf(offset); extentIndex <= last; extentIndex++) {
      if (closed.get()) {
        throw new ClosedChannelException();
      }
      if (!goOn.test(loaded)) {
        return false;
      }
      loaded = cache.preload(key(extentIndex), blocks);
      if (loaded < 0) {
        return false;
      }
    }
    boolean _ = goOn.test(loaded);
    return true;
  }

  @Override
  public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    if (closed.get()) {
      throw new ClosedChannelException();
    }
    return blocks.warm(offset, length, plaintextSize, goOn);
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      if (readAhead != null) {
        readAhead.close();
      }
      if (dropBehind != null) {
        dropBehind.close();
      }
      blocks.close();
    }
  }

  @Override
  public String toString() {
    return "plaintext of " + blocks;
  }
}
