package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.Aead;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import org.jspecify.annotations.Nullable;

/**
 * The content key of a volume: blocks of files, link targets, attribute values. A stored block is
 * its nonce and what the AEAD makes of it. Thread-safe.
 */
final class ContentCipher implements AutoCloseable {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** Block number 0 and no file id: link targets and attribute values. */
  private static final byte[] NO_FILE = new byte[8];

  private final Aead aead;
  private final BlockLayout layout;

  /** A cipher with a copy of {@code key}. */
  ContentCipher(ContentAlgorithm algorithm, byte[] key) {
    this.aead = algorithm.cipher(key);
    this.layout = ContentLayout.of(algorithm.nonceSize);
  }

  BlockLayout layout() {
    return layout;
  }

  int nonceSize() {
    return aead.nonceSize();
  }

  /** What decrypts the blocks of the file with this header. */
  BlockCipher forFile(FileHeader header) {
    return new FileBlocks(header);
  }

  /** What encrypts the blocks of the file with this header; one thread at a time. */
  Encryptor encryptor(FileHeader header) {
    return new Encryptor(aead.borrow(), associatedData(header));
  }

  /**
   * Decrypts a link target or attribute value.
   *
   * @throws IntegrityException if it is not authentic
   */
  byte[] open(byte[] stored) throws IntegrityException {
    if (stored.length <= layout.overhead()) {
      throw new IntegrityException("too short to hold anything");
    }
    byte[] plaintext = new byte[stored.length - layout.overhead()];
    try (Aead.Worker worker = aead.borrow()) {
      openStored(worker, NO_FILE, stored, 0, stored.length, plaintext, 0);
    }
    return plaintext;
  }

  /**
   * Encrypts a link target or attribute value.
   *
   * @param nonce {@code nonceSize()} random bytes
   */
  byte[] seal(byte[] nonce, byte[] plaintext) {
    byte[] stored = Arrays.copyOf(nonce, layout.overhead() + plaintext.length);
    try (Aead.Worker worker = aead.borrow()) {
      worker.seal(nonce, 0, NO_FILE, plaintext, 0, plaintext.length, stored, nonce.length);
    }
    return stored;
  }

  @Override
  public void close() {
    aead.close();
  }

  private void openStored(
      Aead.Worker worker,
      byte[] associatedData,
      byte[] stored,
      int offset,
      int length,
      byte[] plaintext,
      int plaintextOffset)
      throws IntegrityException {
    int nonceSize = aead.nonceSize();
    if (isZero(stored, offset, nonceSize)) {
      throw new IntegrityException("all-zero nonce");
    }
    try {
      worker.open(
          stored,
          offset,
          associatedData,
          stored,
          offset + nonceSize,
          length - nonceSize,
          plaintext,
          plaintextOffset);
    } catch (AEADBadTagException e) {
      // without the cause: it says less, and a damaged disk makes many of them
      throw new IntegrityException("authentication failed");
    }
  }

  private static byte[] associatedData(FileHeader header) {
    byte[] data = new byte[24];
    LONGS.set(data, 8, header.idHigh());
    LONGS.set(data, 16, header.idLow());
    return data;
  }

  private static boolean isZero(byte[] bytes, int offset, int length) {
    int bits = 0;
    for (int i = offset; i < offset + length && bits == 0; i++) {
      bits |= bytes[i];
    }
    return bits == 0;
  }

  /** Encrypts the blocks of one file. */
  static final class Encryptor implements AutoCloseable {
    private final Aead.Worker worker;
    private final byte[] associatedData;

    private Encryptor(Aead.Worker worker, byte[] associatedData) {
      this.worker = worker;
      this.associatedData = associatedData;
    }

    /**
     * Writes the stored form of block {@code blockIndex}: {@code length} bytes and the overhead.
     *
     * @param nonce random bytes, fresh for each block, as many as the algorithm's nonces have
     */
    void encrypt(
        long blockIndex,
        byte[] nonce,
        byte[] plaintext,
        int plaintextOffset,
        int length,
        byte[] stored,
        int storedOffset) {
      LONGS.set(associatedData, 0, blockIndex);
      System.arraycopy(nonce, 0, stored, storedOffset, nonce.length);
      worker.seal(
          nonce,
          0,
          associatedData,
          plaintext,
          plaintextOffset,
          length,
          stored,
          storedOffset + nonce.length);
    }

    @Override
    public void close() {
      worker.close();
    }
  }

  private final class FileBlocks implements BlockCipher {
    private final FileHeader header;

    FileBlocks(FileHeader header) {
      this.header = header;
    }

    @Override
    public BlockLayout layout() {
      return layout;
    }

    @Override
    public Decryptor borrow() {
      return new FileDecryptor(aead.borrow(), associatedData(header));
    }

    @Override
    public @Nullable BlockCipher renewed(Source ciphertext) throws IOException {
      try {
        FileHeader now = FileHeader.read(ciphertext);
        return now.equals(header) ? null : new FileBlocks(now);
      } catch (IntegrityException e) {
        return null;
      }
    }
  }

  private final class FileDecryptor implements BlockCipher.Decryptor {
    private final Aead.Worker worker;
    private final byte[] associatedData;

    FileDecryptor(Aead.Worker worker, byte[] associatedData) {
      this.worker = worker;
      this.associatedData = associatedData;
    }

    @Override
    public void decrypt(
        long blockIndex,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset)
        throws IntegrityException {
      // a full block of zeros is a hole, whatever the key: it comes before everything else
      if (length == layout.ciphertextBlockSize() && isZero(ciphertext, ciphertextOffset, length)) {
        Arrays.fill(
            plaintext, plaintextOffset, plaintextOffset + layout.plaintextBlockSize(), (byte) 0);
        return;
      }
      if (length <= layout.overhead() || length > layout.ciphertextBlockSize()) {
        throw new IntegrityException("block of " + length + " bytes");
      }
      LONGS.set(associatedData, 0, blockIndex);
      openStored(
          worker, associatedData, ciphertext, ciphertextOffset, length, plaintext, plaintextOffset);
    }

    @Override
    public void close() {
      worker.close();
    }
  }
}
