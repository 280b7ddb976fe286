package io.unsealfs.crypto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Length-preserving encryption of a disk's sectors under one key: no tags, so nothing here notices
 * a change. Thread-safe; the cipher objects are pooled and lent as {@link Worker}s. {@link #close}
 * wipes the key and drops the pool.
 */
public interface SectorCipher extends AutoCloseable {

  /** Bytes of a unit that sectors are counted in, whatever their size. */
  int UNIT = 512;

  /** Little-endian words of a byte array. */
  VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Bytes of a sector, 512 to 4096. */
  int sectorSize();

  /**
   * Borrows a worker; closing it gives it back.
   *
   * @throws IllegalStateException after {@link #close}
   */
  Worker borrow();

  @Override
  void close();

  /**
   * Refuses sector sizes that no disk has.
   *
   * @throws UnsupportedParameterException unless it is 512, 1024, 2048 or 4096
   */
  static int checkSectorSize(int bytes) {
    if (bytes < UNIT || bytes > 4096 || Integer.bitCount(bytes) != 1) {
      throw new UnsupportedParameterException(
          "sectors of " + bytes + " bytes: 512, 1024, 2048 and 4096 are supported");
    }
    return bytes;
  }

  /** Cipher objects of one key; used by one thread at a time. */
  interface Worker extends AutoCloseable {

    /**
     * Decrypts whole sectors.
     *
     * @param unit number of the first sector in units of 512 bytes, an unsigned 64-bit number
     * @param length bytes, a multiple of the sector size
     * @param plaintext receives as many; another array than {@code ciphertext}
     */
    void decrypt(
        long unit,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset);

    @Override
    void close();
  }
}
